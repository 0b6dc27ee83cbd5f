package fuzz

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
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

// wantReason fails unless the error is one that can be counted.
func wantReason(t *testing.T, err error) {
	t.Helper()
	var malformed *metric.DecodeError
	if !errors.As(err, &malformed) || int(malformed.Reason) >= metric.Reasons || len(err.Error()) > 400 {
		t.Fatalf("the error is %v", err)
	}
}

// FuzzDecodeBatch puts a right checksum to whatever comes, so that the search gets behind it. What is accepted must be
// legal, and the same after it was encoded and decoded again.
func FuzzDecodeBatch(f *testing.F) {
	whole := metric.AppendBatch(nil, seed())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	none := seed()
	none.Samples, none.Final = nil, true
	f.Add(metric.AppendBatch(nil, none))
	f.Add([]byte("zsmp1|info|"))
	f.Add([]byte("zsum1|info|"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var b metric.Batch
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
		var again metric.Batch
		if err := metric.DecodeBatch(metric.AppendBatch(nil, &b), &again); err != nil {
			t.Fatalf("what was accepted is refused when it comes again: %v", err)
		}
		b.Skipped = 0 // what is left out does not come again
		if diff := cmp.Diff(b, again); diff != "" {
			t.Fatal(diff)
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
