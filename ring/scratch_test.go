package ring_test

import (
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// Whichever processor its goroutine runs on, it is the same shard, also of one that comes later.
func TestAScratchRingHasOneShard(t *testing.T) {
	r := ring.NewScratch()
	next := int64(0)
	for _, procs := range []int{1, 3, 2} {
		before := runtime.GOMAXPROCS(procs)
		for range 3 * ring.SegmentBytes / 16 {
			if !r.Put(rec(0, next), ring.Int) {
				t.Fatalf("no room for record %d", next)
			}
			r.Drain(func(recs []metric.Record) {
				if len(recs) != 1 || recs[0].Value.Int() != next {
					t.Fatalf("%v came, want %d", recs, next)
				}
			})
			if next++; next%1000 == 0 {
				runtime.Gosched()
			}
		}
		runtime.GOMAXPROCS(before)
	}
	if made, _ := r.Made(); made > 1 {
		t.Errorf("it has %d segments beside the first", made)
	}
}
