package fuzz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/metric"
)

// seed is a batch with a series of each kind.
func seed() *metric.Batch {
	b := &metric.Batch{
		Process: metric.Process{Recorder: metric.RecorderID{1}, Host: "h", Program: "p", PID: 7, Start: time.Unix(1, 0)},
		Level:   metric.Info, Seq: 1, Uptime: time.Minute, Interval: time.Second, Base: time.Unix(100, 0),
	}
	for i, k := range metric.Kinds {
		v := metric.IntValue(3)
		if !k.Integer() {
			v = metric.FloatValue(2.5)
		}
		s := &metric.Series{Kind: k, Level: b.Level, Name: "größe", Source: "s", Unit: "By", Help: "h", Tags: []metric.Tag{{Key: "a", Value: "b"}}}
		b.Entries = append(b.Entries, metric.Entry{ID: uint32(i), Series: s, Birth: time.Second, After: metric.Totals{Count: 1, Sum: v}})
		b.Samples = append(b.Samples, metric.Sample{Entry: uint32(i), Time: 9, Value: v})
	}
	return b
}

// summed is the seed with a summary of the values for each series that may have one.
func summed(values ...float64) *metric.Batch {
	b := seed()
	b.Detail, b.Samples = metric.Summaries, nil
	for i, e := range b.Entries {
		if e.Series.Kind == metric.Counter {
			continue
		}
		var a metric.Accumulator
		for _, v := range values {
			if v >= 0 || e.Series.Kind != metric.Timer {
				a.Add(v)
			}
		}
		b.Summaries = append(b.Summaries, metric.EntrySummary{Entry: uint32(i), Summary: a.Summary()})
	}
	return b
}

// wantReason fails unless the error is one that can be counted.
func wantReason(t *testing.T, err error) {
	t.Helper()
	var malformed *metric.DecodeError
	if !errors.As(err, &malformed) || int(malformed.Reason) >= metric.Reasons || len(err.Error()) > 400 {
		t.Fatalf("the error is %v", err)
	}
}

// wantSound fails unless a summary agrees with itself.
func wantSound(t *testing.T, s *metric.Summary) {
	t.Helper()
	for _, f := range [...]float64{s.Sum, s.M2, s.Min, s.Max, s.Last} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			t.Fatalf("the summary %+v is not finite", s)
		}
	}
	if s.Count == 0 || s.Count != s.Hist.Count() || s.M2 < 0 || s.Min > s.Last || s.Last > s.Max {
		t.Fatalf("the summary %+v contradicts itself", s)
	}
	previous := s.Min
	for _, q := range [...]float64{0, 0.5, 0.99, 1} {
		if v := s.Quantile(q); !(v >= previous && v <= s.Max) {
			t.Fatalf("quantile %v of %+v is %v, that of a smaller fraction %v", q, s, v, previous)
		} else {
			previous = v
		}
	}
}

// FuzzDecodeBatch puts a right checksum to whatever comes, so that the search gets behind it. What is accepted must be
// legal, the same whatever was decoded into the batch before, and the same after it was encoded and decoded again.
func FuzzDecodeBatch(f *testing.F) {
	whole := metric.AppendBatch(nil, seed())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	none := seed()
	none.Samples, none.Final = nil, true
	f.Add(metric.AppendBatch(nil, none))
	f.Add([]byte("zsmp1|info|"))
	f.Add([]byte("zsum1|info|"))
	f.Add(metric.AppendBatch(nil, summed(0.5, 3, 0.001)))
	f.Add(metric.AppendBatch(nil, summed(0, -1, 200, 1e-9, 1e300)))
	before := metric.AppendBatch(nil, summed(0, -1e-300, -7, 5, 6, 1e300))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var b, fresh metric.Batch
		if err := metric.DecodeBatch(before, &b); err != nil {
			t.Fatal(err)
		}
		if err := metric.DecodeBatch(frame, &b); err != nil {
			wantReason(t, err)
		}
		if len(frame) >= 4 {
			body := frame[:len(frame)-4]
			frame = binary.LittleEndian.AppendUint32(append([]byte(nil), body...), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
		}
		if err := metric.DecodeBatch(frame, &b); err != nil {
			wantReason(t, err)
			return
		}
		if err := metric.DecodeBatch(frame, &fresh); err != nil {
			t.Fatalf("it is refused by a fresh batch: %v", err)
		}
		wantSame(t, &fresh, &b, "a batch that was in use has other content than a fresh one")
		for _, e := range b.Entries {
			if _, ok := metric.LegalName(e.Series.Name); !ok || !e.Series.Kind.Valid() || e.Series.Level != b.Level {
				t.Fatalf("accepted the series %+v", e.Series)
			}
		}
		for _, s := range b.Samples {
			if int(s.Entry) >= len(b.Entries) {
				t.Fatalf("accepted the sample %+v of %d entries", s, len(b.Entries))
			}
		}
		buckets := 0
		for i := range b.Summaries {
			s := &b.Summaries[i]
			wantSound(t, &s.Summary)
			if int(s.Entry) >= len(b.Entries) {
				t.Fatalf("accepted the summary %+v of %d entries", s, len(b.Entries))
			}
			buckets += len(s.Hist.Positive.Counts) + len(s.Hist.Negative.Counts)
		}
		if buckets > 8*len(frame) {
			t.Fatalf("%d bytes became %d buckets", len(frame), buckets)
		}
		var again metric.Batch
		if err := metric.DecodeBatch(metric.AppendBatch(nil, &b), &again); err != nil {
			t.Fatalf("what was accepted is refused when it comes again: %v", err)
		}
		b.Skipped = 0 // what is left out does not come again
		wantSame(t, &b, &again, "what was accepted is not what comes again")
		var all metric.Summary
		for i := range b.Summaries {
			s := &b.Summaries[i].Summary
			if all.Count+s.Count < s.Count {
				return // more than 2^64 samples: nobody has so many
			}
			all.Merge(s)
			wantSound(t, &all)
		}
	})
}

// FuzzSummary holds summaries of any values, made in two parts, to their way over the wire and to what the values are.
func FuzzSummary(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add(binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.25)), uint8(1))
	var many []byte
	for _, v := range []float64{1, 2, -3, 0, 5e-324, math.MaxFloat64, math.Inf(1), math.NaN(), 1e15, 1e15 + 1} {
		many = binary.LittleEndian.AppendUint64(many, math.Float64bits(v))
	}
	f.Add(many, uint8(4))
	b := seed() // whose other series would cost time
	b.Detail, b.Samples, b.Entries = metric.Summaries, nil, b.Entries[4:5]
	f.Fuzz(func(t *testing.T, data []byte, at uint8) {
		var values, first []float64
		for ; len(data) >= 8; data = data[8:] {
			if v := math.Float64frombits(binary.LittleEndian.Uint64(data)); !math.IsNaN(v) && !math.IsInf(v, 0) {
				values = append(values, v)
			}
		}
		first = values[:min(int(at), len(values))]
		var merged metric.Summary
		var a metric.Accumulator
		for _, part := range [][]float64{first, values[len(first):]} {
			for _, v := range part {
				a.Add(v)
			}
			if len(part) == 0 {
				continue
			}
			made := a.Summary()
			wantSound(t, &made)
			b.Summaries = []metric.EntrySummary{{Entry: 0, Summary: made}}
			var got metric.Batch
			frame := metric.AppendBatch(nil, b)
			if err := metric.DecodeBatch(frame, &got); err != nil {
				t.Fatal(err)
			}
			if again := metric.AppendBatch(nil, &got); !bytes.Equal(again, frame) {
				t.Fatalf("%v came as %+v", values, got.Summaries)
			}
			merged.Merge(&got.Summaries[0].Summary)
			a.Reset()
		}
		if len(values) == 0 {
			return
		}
		wantSound(t, &merged)
		if merged.Count != uint64(len(values)) || merged.Min != slices.Min(values) || merged.Max != slices.Max(values) {
			t.Fatalf("%v became %+v", values, merged)
		}
		slices.Sort(values)
		for _, q := range [...]float64{0, 0.3, 0.5, 0.9, 1} {
			rank := max(int(math.Ceil(q*float64(len(values)))), 1)
			want, got := values[rank-1], merged.Quantile(q)
			if normal := math.Abs(want) >= 0x1p-1022; normal && math.Abs(got-want) > 1.0001*merged.Hist.RelativeError()*math.Abs(want) {
				t.Fatalf("quantile %v of %v is %v, estimated %v", q, values, want, got)
			}
		}
	})
}

// FuzzDecodeText holds accepted samples to what instruments can record, and to coming back the same from the text made of them.
func FuzzDecodeText(f *testing.F) {
	for _, text := range []string{
		"info|Gauge|queue.depth|-0.1|1700000000|orders", "debug|timers|db.query|1.5e-3|1.25|", "A.b|COUNTER|完了|9223372036854775807|0|web 1",
		"info|Gauge||NaN|1|s", "|||||", "info|Timer|n|9223372036.854775807|1|s",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var b, again metric.Batch
		if err := metric.DecodeText(frame, &b); err != nil {
			wantReason(t, err)
			return
		}
		s, v := b.Entries[0].Series, b.Samples[0].Value
		if _, ok := metric.LegalName(s.Name); !ok || !b.Level.Valid() || b.HasTotals() || s.Kind.Integer() && v.Int() < 0 {
			t.Fatalf("accepted %d of %+v at level %q", v, s, b.Level)
		}
		text := metric.AppendText(nil, &b, 0)
		if err := metric.DecodeText(text, &again); err != nil {
			t.Fatalf("%q is written as %q: %v", frame, text, err)
		}
		b.Base = b.Base.Truncate(time.Second) // text has whole seconds
		if diff := cmp.Diff(b, again); diff != "" {
			t.Fatalf("%q is written as %q: %s", frame, text, diff)
		}
	})
}

// FuzzLegalName holds the rules of legal names against any string.
func FuzzLegalName(f *testing.F) {
	for _, s := range []string{"", "db.query", "a|b", "\xff", strings.Repeat("ß", 200), "\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := metric.LegalName(s)
		again, legal := metric.LegalName(name)
		if !legal || again != name || ok != (name == s) || name == "" || len(name) > metric.MaxNameLen {
			t.Fatalf("%q becomes %q, %v, and that %q, %v", s, name, ok, again, legal)
		}
		level, ok := metric.LegalLevel(s)
		if !level.Valid() || ok != (string(level) == s) {
			t.Fatalf("the level %q becomes %q, %v", s, level, ok)
		}
	})
}
