package ring_test

import (
	"runtime"
	"sync"
	"testing"

	"go.uber.org/atomic"
	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const segmentRecords = ring.SegmentBytes / 16

func rec(series uint32, v int64) metric.Record {
	return metric.Record{Series: series, Value: metric.IntValue(v)}
}

func drain(r *ring.Ring) (out []metric.Record) {
	n := 0
	for {
		more := r.Drain(func(recs []metric.Record) { out = append(out, recs...) })
		if n += more; more == 0 {
			break
		}
	}
	if n != len(out) {
		panic("Drain miscounts")
	}
	return out
}

// churn disturbs whoever records until stop is called: it changes GOMAXPROCS from 1 to beyond the cores and back, collects garbage,
// and keeps processors busy with loops that must be preempted.
func churn() (stop func()) {
	procs := runtime.GOMAXPROCS(0)
	var done atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		most := 2*runtime.NumCPU() + 3
		for i := 0; !done.Load(); i++ {
			at := i % (2 * most) // 0, 1, … most, … 1
			runtime.GOMAXPROCS(max(min(at, 2*most-at), 1))
			if i%4 == 0 {
				runtime.GC()
			}
			runtime.Gosched()
		}
	})
	wg.Go(func() {
		for !done.Load() { // without a call, so that only a signal preempts it
		}
	})
	return func() {
		done.Store(true)
		wg.Wait()
		runtime.GOMAXPROCS(procs)
	}
}
