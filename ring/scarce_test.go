package ring_test

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// fillManyTimes lets goroutines on one processor put several times as much into a ring as it holds, beside a drain that waits for its own turns. It
// returns how many records were put and came, and for how many there was no room.
func fillManyTimes(goroutines, rings int) (calls, got, lost int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := ring.New(16*ring.SegmentBytes, 1)
	r.PatientFor(time.Hour) // as if the system gave this process a processor of its own
	var done atomic.Bool
	var refused atomic.Int64
	var producers, drain sync.WaitGroup
	each := max(rings*r.Room()/goroutines, 2*ring.SegmentBytes/16)
	for range goroutines {
		producers.Go(func() {
			for i := range each {
				if !r.Put(rec(0, int64(i)), ring.Int) {
					refused.Inc()
				}
			}
		})
	}
	drain.Go(func() {
		for !done.Load() {
			got += r.Drain(func([]metric.Record) {})
			runtime.Gosched()
		}
	})
	producers.Wait()
	done.Store(true)
	drain.Wait()
	got += r.Drain(func([]metric.Record) {})
	return goroutines * each, got, int(refused.Load())
}

// On the only processor a producer fills the ring many times within its turn. The drain may run, and would not before the turn ends. With many
// producers it would not before the turns of all of them end.
func TestProducersMakeWayForTheDrainBeforeDetailIsLost(t *testing.T) {
	if calls, got, lost := fillManyTimes(1, 20); lost != 0 || got != calls {
		t.Errorf("%d of %d records came, %d found no room", got, calls, lost)
	}
	for _, goroutines := range []int{3, 100} {
		// A few may be lost: where all others wait for a lock, it looks as if nobody waited.
		if calls, got, lost := fillManyTimes(goroutines, 8); lost > calls/1000 || got+lost != calls {
			t.Errorf("%d goroutines: %d of %d records came, %d found no room", goroutines, got, calls, lost)
		}
	}
}

// In a bubble no time passes while anything runs.
func TestProducersDoNotWaitForADrainThatWaitsForTheTime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		r := ring.New(16*ring.SegmentBytes, 1)
		for range 10 {
			go func() {
				for range r.Room() {
					r.Put(rec(0, 1), ring.Int)
				}
			}()
		}
		time.Sleep(time.Second)
		if n, _ := r.Cell(0); n == 0 {
			t.Error("there was room for all")
		}
	})
}
