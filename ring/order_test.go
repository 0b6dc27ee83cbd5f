package ring_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// With one processor there is one shard, whose order is that of the calls, over many segments.
func TestAShardKeepsItsOrder(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(0, 1)
	next := map[uint32]int64{}
	visit := func(recs []metric.Record) {
		for _, x := range recs {
			if x.Value.Int() != next[x.Series] {
				t.Fatalf("producer %d: record %d came, want %d", x.Series, x.Value.Int(), next[x.Series])
			}
			next[x.Series]++
		}
	}
	const calls = 5*segmentRecords + 17
	var wg sync.WaitGroup
	for p := range uint32(4) {
		wg.Go(func() {
			for i := range int64(calls) {
				if !r.Put(rec(p, i), ring.Int) {
					t.Error("no room")
					return
				}
				if i%1000 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
			r.Drain(visit)
			runtime.Gosched()
		}
	}
	for r.Drain(visit) > 0 {
	}
	for p := range uint32(4) {
		if next[p] != calls {
			t.Errorf("%d records of producer %d came, want %d", next[p], p, calls)
		}
	}
}

// What one processor puts comes in the order of the calls, also where the ring is full in between: no more and no less than it took. The numbers
// of records run over every boundary of a segment, and the segments are used again and again.
func TestOrderHoldsOverBoundariesLossesAndReuse(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const pool = 2
	r := ring.New(pool*ring.SegmentBytes, 1)
	rnd := rand.New(rand.NewPCG(1, 2))
	var took []int64
	next, lost := int64(0), 0
	for round := range 300 {
		n := []int{1, segmentRecords - 1, segmentRecords, segmentRecords + 1, 2*segmentRecords - 1, 2*segmentRecords + 1, 5 * segmentRecords}[rnd.IntN(7)]
		took = took[:0]
		for range n {
			if r.Put(rec(0, next), ring.Int) {
				took = append(took, next)
			} else {
				lost++
			}
			next++
		}
		got := drain(r)
		if len(got) != len(took) {
			t.Fatalf("round %d: %d records came, want %d", round, len(got), len(took))
		}
		for i, x := range got {
			if x.Value.Int() != took[i] {
				t.Fatalf("round %d: record %d is %d, want %d", round, i, x.Value.Int(), took[i])
			}
		}
	}
	if made, _ := r.Made(); lost == 0 || made != pool {
		t.Errorf("%d records were lost and %d segments made, want some lost and %d made", lost, made, pool)
	}
	if n, _ := r.Cell(0); n != uint64(lost) {
		t.Errorf("%d calls are in the cell, want %d", n, lost)
	}
}
