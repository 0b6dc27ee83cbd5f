//go:build cgo && linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// line is a line of a journal: a batch that is about to be taken, or that it was.
type line struct {
	At       int64         `json:"t"` // unix milliseconds
	Recorder string        `json:"r"` // empty: the text form
	Level    metric.Level  `json:"l"`
	Detail   metric.Detail `json:"d"`
	Seq      uint64        `json:"q"`
	Final    bool          `json:"f,omitempty"`
	Taken    bool          `json:"k,omitempty"`
	Entries  []told        `json:"e,omitempty"` // none where it is taken
}

// told is what a batch tells of one series.
type told struct {
	Series series `json:"s"`
	Before uint64 `json:"b"` // its count before the batch
	Count  uint64 `json:"c"` // and after it
	Sum    int64  `json:"u"`
	Detail uint64 `json:"n"` // calls that it tells of one by one, or in a summary
}

// series is what the store keys by, beside time.
type series struct {
	Kind   metric.Kind  `json:"k"`
	Level  metric.Level `json:"l"`
	Name   string       `json:"n"`
	Source string       `json:"o"`
	Tags   string       `json:"g,omitempty"`
}

// additive reports whether sums of windows add up.
func (s series) additive() bool { return s.Kind != metric.UpDown && s.Kind != metric.Gauge }

// ofBackend reports whether it is a backend's about itself, which came through no wire.
func (s series) ofBackend() bool { return strings.HasPrefix(s.Name, "zibrato.backend.") }

// own reports whether it is about the recorder itself.
func (s series) own() bool { return strings.HasPrefix(s.Name, "zibrato.") }

func seriesOf(s *metric.Series) series {
	own := series{Kind: s.Kind, Level: s.Level, Name: s.Name, Source: s.Source}
	if len(s.Tags) > 0 {
		own.Tags = fmt.Sprint(s.Tags)
	}
	return own
}

// whole returns a sum as an integer. Distributions are of whole numbers here, but for what the recorder says about itself.
func whole(k metric.Kind, v metric.Value) int64 {
	if k == metric.Distribution || k == metric.Gauge {
		return int64(v.Float())
	}
	return v.Int()
}

// journal is a file of lines, each written by one call, so that kill -9 leaves whole ones.
type journal struct {
	f    *os.File
	line line
}

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &journal{f: f}, nil
}

// put writes what a batch tells.
func (j *journal) put(b *metric.Batch) error {
	l := &j.line
	*l = line{At: time.Now().UnixMilli(), Level: b.Level, Detail: b.Detail, Seq: b.Seq, Final: b.Final, Entries: l.Entries[:0]}
	if b.HasTotals() {
		l.Recorder = b.Process.Recorder.String()
	}
	for i := range b.Entries {
		e := &b.Entries[i]
		l.Entries = append(l.Entries, told{Series: seriesOf(e.Series), Before: e.Before.Count, Count: e.After.Count, Sum: whole(e.Series.Kind, e.After.Sum)})
	}
	for i := range b.Samples {
		e := &l.Entries[b.Samples[i].Entry]
		e.Detail++
		if l.Recorder == "" {
			e.Count, e.Sum = 1, whole(e.Series.Kind, b.Samples[i].Value)
		}
	}
	for i := range b.Summaries {
		l.Entries[b.Summaries[i].Entry].Detail += b.Summaries[i].Count
	}
	return j.write(l)
}

// taken writes that the batch of the last put was taken.
func (j *journal) taken() error {
	l := j.line
	l.Taken, l.Entries = true, nil
	return j.write(&l)
}

func (j *journal) write(l *line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = j.f.Write(append(b, '\n'))
	return err
}

// readJournal calls f with each line. One that is not whole ends it.
func readJournal(path string, f func(l *line)) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	d := json.NewDecoder(bufio.NewReaderSize(file, 1<<16))
	for {
		var l line
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f(&l)
	}
}
