package graphite

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/zibrato/zibrato/internal/naming"
	"github.com/zibrato/zibrato/metric"
)

// encoder makes the lines of windows.
type encoder struct {
	prefix   string
	template naming.Template
	tagged   bool
	stats    []stat
	log      *slog.Logger
	keeper   naming.Keeper

	out        []byte
	tags       []metric.Tag
	value, end []byte // of the line at hand
}

// encode fills out. It returns how many series cannot be sent, and why for one of them. It fails only when ctx ends.
func (e *encoder) encode(ctx context.Context, w *metric.Window) (unfit int, why string, err error) {
	e.out = e.out[:0]
	e.keeper.Begin()
	e.end = strconv.AppendInt(append(e.end[:0], ' '), w.Start.Unix(), 10)
	e.end = append(e.end, '\n')
	seconds := w.End.Sub(w.Start).Seconds()
	for i := range w.Series {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		if err := e.series(&w.Series[i], seconds); err != nil {
			unfit, why = unfit+1, fmt.Sprintf("%s: %v", metric.LegalText(w.Series[i].Name, metric.MaxNameLen), err)
		}
	}
	e.keeper.Report(e.log, "graphite")
	return unfit, why, nil
}

// series appends the lines of one series.
func (e *encoder) series(a *metric.Aggregate, seconds float64) error {
	var name, tags string
	var err error
	for i := range e.stats {
		s := &e.stats[i]
		if e.value = s.append(e.value[:0], a, seconds); len(e.value) == 0 {
			continue
		}
		if name == "" {
			if name, tags, err = e.path(a.Series); err != nil {
				return err
			}
		}
		e.out = append(append(append(e.out, name...), '.'), s.word...)
		e.out = append(append(e.out, tags...), ' ')
		e.out = append(append(e.out, e.value...), e.end...)
	}
	return nil
}

// path returns what stands before and behind the word that says what a value is.
func (e *encoder) path(s *metric.Series) (name, tags string, err error) {
	if !e.tagged {
		name, err = e.keeper.Claim(s, e.prefix+e.template.Flat(s), "", "")
		return name, "", err
	}
	var b strings.Builder
	e.tags = naming.Tags(e.tags[:0], s, tagValue)
	for _, t := range e.tags {
		if t.Key == "name" {
			t.Key = naming.Mark(t.Key, t.Key, naming.MaxWord)
		}
		b.WriteByte(';')
		b.WriteString(t.Key)
		b.WriteByte('=')
		b.WriteString(t.Value)
	}
	tags = b.String()
	name, err = e.keeper.Claim(s, e.prefix+naming.Name(s.Name), tags, "")
	return name, tags, err
}

// tagValue makes a tag's value one that Graphite takes and the protocol, which is words between spaces, can carry.
func tagValue(s string) string {
	if s != "" && s[0] != '~' && strings.IndexFunc(s, illegal) < 0 {
		return s
	}
	t := strings.Map(func(r rune) rune {
		if illegal(r) {
			return '_'
		}
		return r
	}, s)
	if t != "" && t[0] == '~' {
		t = "_" + t[1:]
	}
	return naming.Mark(t, s, metric.MaxTagValueLen+16)
}

func illegal(r rune) bool { return r == ';' || !unicode.IsGraphic(r) || unicode.IsSpace(r) }

// append appends the value of a stat, or nothing if the series has none.
func (s *stat) append(dst []byte, a *metric.Aggregate, seconds float64) []byte {
	d := &a.Detail
	calls := a.Kind == metric.Timer || a.Kind == metric.Distribution
	if a.Kind == metric.Counter {
		switch s.what {
		case count:
			return strconv.AppendInt(dst, a.IntSum, 10)
		case rate:
			return appendFloat(dst, float64(a.IntSum)/seconds)
		}
		return dst
	}
	if calls {
		if a.Count == 0 {
			return dst
		}
		switch s.what {
		case count:
			return strconv.AppendUint(dst, a.Count, 10)
		case rate:
			return appendFloat(dst, float64(a.Count)/seconds)
		case sum:
			if a.Kind == metric.Timer {
				return metric.AppendSeconds(dst, a.IntSum)
			}
			return appendFloat(dst, a.Sum)
		case mean:
			return appendFloat(dst, a.Mean())
		}
	}
	if !a.HasDetail() {
		return dst
	}
	switch s.what {
	case least:
		return appendFloat(dst, d.Min)
	case greatest:
		return appendFloat(dst, d.Max)
	}
	if !calls {
		switch s.what {
		case last:
			return appendFloat(dst, d.Last)
		case mean:
			return appendFloat(dst, d.Mean())
		}
		return dst
	}
	switch s.what {
	case deviation:
		return appendFloat(dst, d.StdDev())
	case 0:
		return appendFloat(dst, d.Quantile(s.quantile))
	}
	return dst
}

// appendFloat appends the shortest number that reads back as v, and nothing for what is no finite number.
func appendFloat(dst []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-9 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}
