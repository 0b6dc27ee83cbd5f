//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// sampleTime is when a sample was taken, by the clock of the host that took it.
func sampleTime(b *metric.Batch, i int) time.Time {
	return b.Base.Add(time.Duration(b.Samples[i].Time) * time.Microsecond)
}

// seriesOf is the series that a sample belongs to.
func seriesOf(b *metric.Batch, i int) *metric.Series { return b.Entries[b.Samples[i].Entry].Series }

// appendHuman writes a sample for people: time, level, kind, name, value with its unit, source, tags.
func appendHuman(dst []byte, b *metric.Batch, i int) []byte {
	sample := b.Samples[i]
	s := seriesOf(b, i)
	dst = sampleTime(b, i).Local().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	dst = fmt.Appendf(dst, " %-8s %-12s %s ", s.Level, s.Kind, s.Name)
	switch {
	case s.Kind == metric.Timer:
		dst = append(dst, time.Duration(sample.Value.Int()).String()...)
	case s.Kind.Integer():
		dst = strconv.AppendInt(dst, sample.Value.Int(), 10)
	default:
		dst = strconv.AppendFloat(dst, sample.Value.Float(), 'g', -1, 64)
	}
	if s.Unit != "" && s.Kind != metric.Timer {
		dst = append(append(dst, ' '), s.Unit...)
	}
	return appendOrigin(dst, s)
}

// appendOrigin writes where a series comes from, source and tags.
func appendOrigin(dst []byte, s *metric.Series) []byte {
	if s.Source != "" {
		dst = append(append(dst, ' '), s.Source...)
	}
	for _, t := range s.Tags {
		dst = fmt.Appendf(dst, " %s=%s", t.Key, t.Value)
	}
	return dst
}

// identity is what every object says of its series.
type identity struct {
	Time   string            `json:"time"`
	Name   string            `json:"name"`
	Kind   string            `json:"kind"`
	Level  metric.Level      `json:"level"`
	Source string            `json:"source"`
	Tags   map[string]string `json:"tags"`
}

func identify(s *metric.Series, at time.Time) identity {
	tags := make(map[string]string, len(s.Tags))
	for _, t := range s.Tags {
		tags[t.Key] = t.Value
	}
	return identity{at.UTC().Format(time.RFC3339Nano), s.Name, s.Kind.String(), s.Level, s.Source, tags}
}

// appendJSON writes a sample as an object. A value that is no number, as only a broken sender has it, is null.
func appendJSON(dst []byte, b *metric.Batch, i int) []byte {
	sample := b.Samples[i]
	s := seriesOf(b, i)
	return appendObject(dst, struct {
		identity
		Value json.RawMessage `json:"value"`
	}{identify(s, sampleTime(b, i)), jsonValue(s.Kind, sample.Value)})
}

func appendObject(dst []byte, object any) []byte {
	line := bytes.NewBuffer(dst)
	enc := json.NewEncoder(line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		panic(err) // No type in there can fail.
	}
	return bytes.TrimSuffix(line.Bytes(), []byte("\n"))
}

func jsonValue(k metric.Kind, v metric.Value) json.RawMessage {
	if k.Integer() && k != metric.Timer {
		return strconv.AppendInt(nil, v.Int(), 10)
	}
	f := k.InUnits(v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return json.RawMessage("null")
	}
	return strconv.AppendFloat(nil, f, 'g', -1, 64)
}
