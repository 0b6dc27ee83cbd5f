package ring_test

import (
	"runtime"
	"sync"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// On the only processor a producer fills the ring many times within its turn. The drain may run, and would not before the turn ends.
func TestAProducerMakesWayForTheDrainBeforeDetailIsLost(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(16*ring.SegmentBytes, 1)
	var done atomic.Bool
	var drain sync.WaitGroup
	got := 0
	drain.Go(func() {
		for !done.Load() {
			got += r.Drain(func([]metric.Record) {})
			runtime.Gosched()
		}
	})
	lost, calls := 0, 20*r.Room()
	for i := range calls {
		if !r.Put(rec(0, int64(i)), ring.Int) {
			lost++
		}
	}
	done.Store(true)
	drain.Wait()
	got += r.Drain(func([]metric.Record) {})
	if lost != 0 || got != calls {
		t.Errorf("%d of %d records came, %d found no room", got, calls, lost)
	}
}
