package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/metric"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	st, err := DecodeState(AppendState(nil, someState()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(someState(), st, alike); d != "" {
		t.Errorf("state (-want +got):\n%s", d)
	}
	file, left := AppendWindow(nil, someWindow())
	w, err := DecodeWindow(file)
	if err != nil || left != 0 {
		t.Fatal(err, left)
	}
	if d := cmp.Diff(someWindow(), w, alike); d != "" {
		t.Errorf("window (-want +got):\n%s", d)
	}
	taken := map[string]uint64{"": 0, "librato": 12, "größe 2": 1 << 60}
	got, err := DecodeSinks(AppendSinks(nil, taken))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(taken, got); d != "" {
		t.Errorf("sinks (-want +got):\n%s", d)
	}
}

// A process that started and ended while the clock was set by an hour knows the distances all the same.
func TestTimesAreToldAsTheClockStoodAtTheCheckpoint(t *testing.T) {
	now := time.Now()
	st := &State{At: now, Start: now, Coverage: Coverage{Rest: now.Add(-time.Hour)}}
	got, err := DecodeState(AppendState(nil, st))
	if err != nil {
		t.Fatal(err)
	}
	if d := got.At.Sub(got.Coverage.Rest); d != time.Hour || got.At.UnixNano() != now.UnixNano() {
		t.Errorf("coverage began %v before the checkpoint, want an hour", d)
	}
}

func TestALogIsReadAsItWasWritten(t *testing.T) {
	text := &metric.Batch{}
	if err := metric.DecodeText([]byte("info|Timer|q|0.25|1700000000|web"), text); err != nil {
		t.Fatal(err)
	}
	file := AppendRecord([]byte(logMagic), someBatch(1), noon, noon)
	file = AppendRecord(file, text, noon.Add(time.Second), noon)
	var got []metric.Batch
	var at []time.Time
	reading, err := ReadLog(bytes.NewReader(file), func(b *metric.Batch, t time.Time) {
		own := *b
		own.Entries, own.Samples = append([]metric.Entry(nil), b.Entries...), append([]metric.Sample(nil), b.Samples...)
		got, at = append(got, own), append(at, t)
	})
	if err != nil || reading != (Reading{Batches: 2}) {
		t.Fatal(reading, err)
	}
	text.Process.Start = time.Unix(0, time.Time{}.UnixNano()) // which no decision rests on
	if d := cmp.Diff([]metric.Batch{*someBatch(1), *text}, got, alike); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff([]time.Time{noon, noon.Add(time.Second)}, at, alike); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// sealed are files of every kind but the log, and their readers.
func sealed() map[string]func() ([]byte, func([]byte) error) {
	return map[string]func() ([]byte, func([]byte) error){
		"state": func() ([]byte, func([]byte) error) {
			return AppendState(nil, someState()), func(b []byte) error { _, err := DecodeState(b); return err }
		},
		"window": func() ([]byte, func([]byte) error) {
			w := someWindow()
			w.Series = w.Series[3:5] // each bit of a longer one would take long
			file, _ := AppendWindow(nil, w)
			return file, func(b []byte) error { _, err := DecodeWindow(b); return err }
		},
		"sinks": func() ([]byte, func([]byte) error) {
			return AppendSinks(nil, map[string]uint64{"librato": 12}), func(b []byte) error { _, err := DecodeSinks(b); return err }
		},
	}
}

func TestDamageIsNoticed(t *testing.T) {
	for name, make := range sealed() {
		t.Run(name, func(t *testing.T) {
			file, decode := make()
			if err := decode(file); err != nil {
				t.Fatal(err)
			}
			for n := range file {
				if err := decode(file[:n]); !errors.Is(err, ErrDamaged) {
					t.Fatalf("of %d bytes the first %d: %v", len(file), n, err)
				}
			}
			for bit := range 8 * len(file) {
				file[bit/8] ^= 1 << (bit % 8)
				if err := decode(file); !errors.Is(err, ErrDamaged) {
					t.Fatalf("bit %d: %v", bit, err)
				}
				file[bit/8] ^= 1 << (bit % 8)
			}
			if err := decode(append(file, 0)); !errors.Is(err, ErrDamaged) {
				t.Errorf("a byte more: %v", err)
			}
		})
	}
}

// Whoever writes a checksum may still write nonsense.
func TestNonsenseWithAChecksumIsNoticed(t *testing.T) {
	for name, make := range sealed() {
		file, decode := make()
		body := file[:len(file)-4]
		for n := 8; n < len(body); n++ {
			if err := decode(Seal(append([]byte(nil), body[:n]...))); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: of %d bytes the first %d: %v", name, len(body), n, err)
			}
		}
	}
}

func TestALogThatEndsAnywhereGivesTheBatchesBefore(t *testing.T) {
	file, ends := aLog(3)
	for n := range len(file) + 1 {
		want := Reading{Torn: n > 0 && n != len(logMagic)}
		for _, end := range ends {
			if n >= end {
				want.Batches++
			}
			if n == end {
				want.Torn = false
			}
		}
		seq := uint64(0)
		got, err := ReadLog(bytes.NewReader(file[:n]), func(b *metric.Batch, _ time.Time) {
			if seq++; b.Seq != seq {
				t.Errorf("%d bytes: batch %d is number %d", n, seq, b.Seq)
			}
		})
		if err != nil || got != want {
			t.Errorf("%d bytes: %+v, %v; want %+v", n, got, err, want)
		}
	}
}

// One flipped bit costs the record that it is in, or, in its length, those after it.
func TestAFlippedBitInALogCostsNoBatchBeforeIt(t *testing.T) {
	file, ends := aLog(4)
	for bit := range 8 * len(file) {
		file[bit/8] ^= 1 << (bit % 8)
		hurt := 0
		for hurt < len(ends) && bit/8 >= ends[hurt] {
			hurt++
		}
		var got []uint64
		reading, err := ReadLog(bytes.NewReader(file), func(b *metric.Batch, _ time.Time) { got = append(got, b.Seq) })
		file[bit/8] ^= 1 << (bit % 8)
		if bit/8 < len(logMagic) {
			if err == nil || len(got) > 0 {
				t.Fatalf("bit %d: %d batches, %v", bit, len(got), err)
			}
			continue
		}
		inLength := bit/8 < recordHead-4+len(logMagic)
		if hurt > 0 {
			inLength = bit/8 < ends[hurt-1]+4
		}
		if reading.Skipped == 0 && !reading.Torn {
			t.Errorf("bit %d: %+v, %v: nothing is amiss", bit, reading, err)
		}
		for i := range 4 {
			if has := len(got) > 0 && got[0] == uint64(i+1); has {
				got = got[1:]
			} else if i < hurt || i > hurt && !inLength {
				t.Errorf("bit %d, in record %d: batch %d is missing", bit, hurt+1, i+1)
			}
		}
		if len(got) > 0 {
			t.Errorf("bit %d: also batches %v", bit, got)
		}
	}
}

func TestSeriesThatNoDecoderTakesAreLeftOutAlone(t *testing.T) {
	w := someWindow()
	many := someSeries(metric.Counter, "many")
	many.Level, many.Tags = metric.Info, nil
	for i := range metric.MaxTags + 1 {
		many.Tags = append(many.Tags, metric.Tag{Key: fmt.Sprintf("k%02d", i), Value: "v"})
	}
	w.Series = append(w.Series, metric.Aggregate{Series: many, Count: 1, IntSum: 1, Sum: 1})
	file, left := AppendWindow(nil, w)
	got, err := DecodeWindow(file)
	if err != nil || left != 1 {
		t.Fatal(err, left)
	}
	if len(got.Series) != len(w.Series)-1 {
		t.Errorf("%d series of %d were kept", len(got.Series), len(w.Series))
	}
}

func TestAWindowOfManySeriesIsReadWhole(t *testing.T) {
	w := &metric.Window{Start: noon, End: noon.Add(time.Minute), Interval: time.Minute}
	for i := range 700 {
		a := metric.Aggregate{Series: someSeries(metric.Timer, fmt.Sprintf("t%05d", i)), Count: 2, IntSum: 3, Sum: 3e-9}
		a.Detail.Add(1)
		a.Detail.Add(float64(i))
		w.Series = append(w.Series, a)
	}
	file, left := AppendWindow(nil, w)
	got, err := DecodeWindow(file)
	if err != nil || left != 0 {
		t.Fatal(err, left)
	}
	if d := cmp.Diff(w, got, alike); d != "" {
		t.Error(d)
	}
}
