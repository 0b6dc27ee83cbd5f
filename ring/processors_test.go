package ring

import (
	"runtime"
	"sync"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

func TestDrainFindsWhatProcessorsLeftThatAreGone(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	r := New(0, 1)
	put, used := 0, 0
	for used < 2 { // until several processors have recorded
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 1000 {
					r.Put(metric.Record{}, CountOnly)
				}
			})
		}
		all.Wait()
		put += 4000
		used = 0
		for _, s := range r.all() {
			if s.head.committed.Load() > 0 {
				used++
			}
		}
	}
	runtime.GOMAXPROCS(1)
	got := r.Drain(func([]metric.Record) {})
	counted, _ := r.Cell(0)
	if got+int(counted) != put {
		t.Errorf("%d records and %d in cells, want %d in all", got, counted, put)
	}
}
