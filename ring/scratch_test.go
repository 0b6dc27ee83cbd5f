package ring

import (
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

// Whichever processor its goroutine runs on, it is the same shard, also of one that comes later.
func TestAScratchRingHasOneShard(t *testing.T) {
	r := NewScratch()
	for _, procs := range []int{1, 3, 2} {
		before := runtime.GOMAXPROCS(procs)
		for n := range int64(3 * segmentLen) {
			if !r.Put(metric.Record{Value: metric.IntValue(n)}, Int) {
				t.Fatalf("no room for record %d", n)
			}
			r.Drain(func(recs []metric.Record) {
				if len(recs) != 1 || recs[0].Value.Int() != n {
					t.Fatalf("%v came, want %d", recs, n)
				}
			})
		}
		r.extend(procs)
		runtime.GOMAXPROCS(before)
	}
	shards := r.all()
	if len(shards) < 3 {
		t.Errorf("%d shards, want one for each processor that there was", len(shards))
	}
	for n, s := range shards {
		if s != shards[0] {
			t.Errorf("processor %d has another shard than 0", n)
		}
	}
	if r.made > 1 {
		t.Errorf("it has %d segments beside the first", r.made)
	}
}
