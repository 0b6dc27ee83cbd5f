package fuzz

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// same are the options under which what a store reads equals what it read before.
var same = cmp.Options{histograms, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

// wantDamaged fails unless the error is one that a store sets files aside for.
func wantDamaged(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrDamaged) || len(err.Error()) > 600 {
		t.Fatalf("the error is %v", err)
	}
}

// resealed is the file as whoever knows the format would write it: with the right checksum. Without it hardly any input would get past that.
func resealed(body []byte) []byte { return store.Seal(append([]byte(nil), body...)) }

func body(sealed []byte) []byte { return sealed[:len(sealed)-4] }

// FuzzStoreState reads a state file. What is read comes back from what is written of it.
func FuzzStoreState(f *testing.F) {
	at := time.Unix(1_700_000_000, 0)
	f.Add(body(store.AppendState(nil, &store.State{At: at, Start: at})))
	f.Add(body(store.AppendState(nil, &store.State{
		Generation: 1, Next: 2, At: at, Start: at, Clean: true, Apart: 1,
		Coverage:  store.Coverage{Levels: map[metric.Level]time.Time{metric.Info: at}},
		Forgotten: store.Forgotten{Start: at, Birth: at},
		Streams: []store.Stream{{
			Recorder: metric.RecorderID{1}, Level: metric.Info, Seq: [2]uint64{1, 2}, Detail: metric.Summaries, Heard: at, Start: at, Coverage: at,
			Members: []store.Member{{ID: 1, Known: metric.Totals{Count: 1, Sum: 1}}, {ID: 2, Series: &metric.Series{Kind: metric.UpDown, Level: metric.Info, Name: "x", Tags: []metric.Tag{{Key: "a", Value: "b"}}}, Value: -1}},
		}},
	})))
	f.Fuzz(func(t *testing.T, file []byte) {
		st, err := store.DecodeState(resealed(file))
		if err != nil {
			wantDamaged(t, err)
			return
		}
		again, err := store.DecodeState(store.AppendState(nil, st))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(st, again, same); d != "" {
			t.Error(d)
		}
	})
}

// FuzzStoreWindow reads a window's file. What is read agrees with itself, and comes back from what is written of it.
func FuzzStoreWindow(f *testing.F) {
	w := &metric.Window{Start: time.Unix(60, 0), End: time.Unix(120, 0), Interval: time.Minute}
	file, _ := store.AppendWindow(nil, w)
	f.Add(body(file))
	for i, e := range summed(1, -2, 0, 1e200).Entries {
		a := metric.Aggregate{Series: e.Series, Count: 3, IntSum: int64(i)}
		if e.Series.Kind != metric.Counter {
			a.Detail.Add(2)
		}
		w.Series = append(w.Series, a)
	}
	file, _ = store.AppendWindow(nil, w)
	f.Add(body(file))
	f.Fuzz(func(t *testing.T, file []byte) {
		w, err := store.DecodeWindow(resealed(file))
		if err != nil {
			wantDamaged(t, err)
			return
		}
		for i := range w.Series {
			if a := &w.Series[i]; a.HasDetail() {
				wantSound(t, &a.Detail)
			}
		}
		written, left := store.AppendWindow(nil, w)
		again, err := store.DecodeWindow(written)
		if err != nil || left != 0 {
			t.Fatal(err, left)
		}
		if d := cmp.Diff(w, again, same); d != "" {
			t.Error(d)
		}
	})
}

// FuzzStoreSinks reads the file that says which windows the sinks have taken.
func FuzzStoreSinks(f *testing.F) {
	f.Add(body(store.AppendSinks(nil, map[string]uint64{"librato": 1, "": 2})))
	f.Fuzz(func(t *testing.T, file []byte) {
		taken, err := store.DecodeSinks(resealed(file))
		if err != nil {
			wantDamaged(t, err)
			return
		}
		again, err := store.DecodeSinks(store.AppendSinks(nil, taken))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(taken, again); d != "" {
			t.Error(d)
		}
	})
}

// FuzzStoreLog reads a log: as it stands, and after two good records, which are read whatever follows.
func FuzzStoreLog(f *testing.F) {
	begun := time.Unix(100, 0)
	good := append([]byte("zblog001"), store.AppendRecord(store.AppendRecord(nil, seed(), begun, begun), summed(1, 2), begun, begun)...)
	f.Add(good)
	f.Add(good[8:])
	f.Add(good[8 : len(good)-5])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, before := range []int{0, 2} {
			file := data
			if before > 0 {
				file = append(bytes.Clone(good), data...)
			}
			heard := 0
			got, err := store.ReadLog(bytes.NewReader(file), func(b *metric.Batch, _ time.Time) {
				heard++
				for _, s := range b.Samples {
					_ = b.Entries[s.Entry]
				}
				for i := range b.Summaries {
					wantSound(t, &b.Summaries[i].Summary)
				}
			})
			if err != nil {
				wantDamaged(t, err)
			}
			if got.Batches != heard || heard < before {
				t.Fatalf("%+v, and %d were heard, %d at least wanted", got, heard, before)
			}
		}
	})
}
