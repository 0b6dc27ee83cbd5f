//go:build cgo

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/zibrato/zibrato/metric"
)

// gain is what a batch of summaries says of one series.
type gain struct {
	*metric.Entry
	metric.Summary // empty: all that is known are the totals
}

// gains are those of a batch to which something happened.
func gains(b *metric.Batch) []gain {
	if b.Detail != metric.Summaries {
		return nil
	}
	all := make([]gain, len(b.Entries))
	for i := range b.Summaries {
		all[b.Summaries[i].Entry].Summary = b.Summaries[i].Summary
	}
	some := all[:0]
	for i, g := range all {
		g.Entry = &b.Entries[i]
		if g.calls() > 0 || g.Count > 0 {
			some = append(some, g)
		}
	}
	return some
}

func (g gain) calls() uint64 { return g.After.Count - g.Before.Count }

// total is what the calls add up to, for kinds that have a sum.
func (g gain) total() (v metric.Value, ok bool) {
	switch g.Series.Kind {
	case metric.Timer, metric.Counter:
		return metric.IntValue(g.After.Sum.Int() - g.Before.Sum.Int()), true
	case metric.Distribution:
		return metric.FloatValue(g.After.Sum.Float() - g.Before.Sum.Float()), true
	}
	return 0, false
}

// sum is the same in the series' units, NaN for kinds without.
func (g gain) sum() float64 {
	if v, ok := g.total(); ok {
		return g.Series.Kind.InUnits(v)
	}
	return math.NaN()
}

// mean is that of all calls where they have a sum, else that of the known ones.
func (g gain) mean() float64 {
	if k := g.Series.Kind; k == metric.Timer || k == metric.Distribution {
		return g.sum() / float64(g.calls())
	}
	return g.Mean()
}

// widestName is how far columns move to the right for the sake of long names.
const widestName = 40

// appendHuman writes a line for people, in columns: time, level, kind, name, calls, statistics, source, tags. *width is that of the widest name so far.
func (g gain) appendHuman(dst []byte, now time.Time, width *int) []byte {
	s := g.Series
	*width = max(*width, min(utf8.RuneCountInString(s.Name), widestName))
	dst = now.Local().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
	dst = fmt.Appendf(dst, " %-8s %-12s %-*s n=%-8d", s.Level, s.Kind, *width, s.Name, g.calls())
	var cells [5]string
	switch {
	case s.Kind == metric.Counter:
		cells[0] = "sum=" + brief(s, g.sum())
	case g.Count == 0:
		cells[0] = "mean=" + brief(s, g.mean())
	default:
		cells = [5]string{
			"mean=" + brief(s, g.mean()),
			"p50=" + brief(s, g.Quantile(0.5)),
			"p99=" + brief(s, g.Quantile(0.99)),
			"max=" + brief(s, g.Max),
		}
		if s.Kind == metric.Gauge || s.Kind == metric.UpDown {
			cells[4] = "last=" + brief(s, g.Last)
		}
	}
	for _, cell := range cells {
		dst = fmt.Appendf(dst, " %-14s", cell)
	}
	return appendOrigin(dst, s)
}

// brief is a duration or a number with four digits, a whole number with all of them.
func brief(s *metric.Series, v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case s.Kind != metric.Timer && v == math.Trunc(v) && math.Abs(v) < 1e9:
		return strconv.FormatInt(int64(v), 10)
	case s.Kind != metric.Timer:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	d := time.Duration(v * 1e9)
	for unit := time.Duration(1); unit < time.Hour; unit *= 10 {
		if d < 10_000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Minute).String()
}

// appendJSON writes a line for programs. What is not known is left out.
func (g gain) appendJSON(dst []byte, now time.Time) []byte {
	type statistics struct {
		Sum  json.RawMessage `json:"sum,omitempty"`
		Mean *float64        `json:"mean,omitempty"`
		Min  *float64        `json:"min,omitempty"`
		P50  *float64        `json:"p50,omitempty"`
		P99  *float64        `json:"p99,omitempty"`
		Max  *float64        `json:"max,omitempty"`
		Last *float64        `json:"last,omitempty"`
	}
	known := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	var st statistics
	if v, ok := g.total(); ok {
		st.Sum = jsonValue(g.Series.Kind, v)
	}
	if g.Series.Kind != metric.Counter {
		st.Mean = known(g.mean())
	}
	if g.Count > 0 {
		st.Min, st.Max, st.Last = known(g.Min), known(g.Max), known(g.Last)
		st.P50, st.P99 = known(g.Quantile(0.5)), known(g.Quantile(0.99))
	}
	return appendObject(dst, struct {
		identity
		Count uint64 `json:"count"`
		statistics
	}{identify(g.Series, now), g.calls(), st})
}
