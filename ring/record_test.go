package ring_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

func TestRecordsComeAsTheyWerePut(t *testing.T) {
	r := ring.New(0, 1)
	want := metric.Record{Series: math.MaxUint32, Time: 7, Value: metric.FloatValue(math.Pi)}
	if !r.Put(want, ring.Int) {
		t.Fatal("an empty ring has no room")
	}
	if got := drain(r); len(got) != 1 || got[0] != want {
		t.Errorf("drained %+v, want %+v", got, want)
	}
	if got := drain(r); got != nil {
		t.Errorf("drained %+v again", got)
	}
}

func TestAFullRingTakesRecordsAgainOnceDrained(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(3*ring.SegmentBytes, 1)
	before := int64(0) // the sum of those calls that found the ring full first
	for round := range 5 {
		n := int64(0)
		for r.Put(rec(0, n), ring.Int) {
			if n++; n > 100*segmentRecords {
				t.Fatal("the ring does not become full")
			}
		}
		if n < 3*segmentRecords {
			t.Errorf("round %d: the ring is full after %d records, want at least %d", round, n, 3*segmentRecords)
		}
		if n > 4*segmentRecords { // one beside the pool
			t.Errorf("round %d: the ring took %d records, past its bound", round, n)
		}
		for range 100 {
			if r.Put(rec(0, -1), ring.Int) {
				t.Fatal("a full ring took a record")
			}
		}
		if count, sum := r.Cell(0); count != uint64(round+1)*101 || sum != n-int64(round+1)*100+before {
			t.Errorf("round %d: %d calls with sum %d in the cell", round, count, sum)
		}
		before += n
		got := drain(r)
		if int64(len(got)) != n {
			t.Errorf("round %d: %d records came, want %d", round, len(got), n)
		}
		for i, x := range got {
			if x.Value.Int() != int64(i) {
				t.Fatalf("round %d: record %d is %d", round, i, x.Value.Int())
			}
		}
	}
}

func TestOneDrainEmptiesAFullRing(t *testing.T) {
	r := ring.New(0, 1)
	n := 0
	for r.Put(rec(0, 0), ring.Int) {
		n++
	}
	if n < r.Room() {
		t.Errorf("the ring took %d records, and has room for %d", n, r.Room())
	}
	if got := r.Drain(func([]metric.Record) {}); got != n {
		t.Errorf("one drain visited %d records of %d", got, n)
	}
}

func TestResizeBeforeAnythingIsWritten(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(0, 1)
	r.Resize(1, 5000) // at least one segment
	r.Add(4999, 3)
	if n, sum := r.Cell(4999); n != 1 || sum != 3 {
		t.Errorf("cell 4999 has %d and %d, want 1 and 3", n, sum)
	}
	n := 0
	for r.Put(rec(0, 0), ring.Int) {
		n++
	}
	if n < segmentRecords || n > 2*segmentRecords {
		t.Errorf("the ring took %d records, want one or two segments", n)
	}
}
