package zibrato

import (
	"sync"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// emptyTimings are how many empty blocks are timed at once; fewer where each reading of the clock may be a call of the system.
const (
	emptyTimings     = 16
	emptyTimingsSlow = 4
)

// emptyBlocks times blocks that do nothing, for all recorders of the process.
type emptyBlocks struct {
	mu       sync.Mutex
	timer    *Timer
	readings []int64
}

var empties emptyBlocks

// time renews what timings are corrected by, in a microsecond or two. It does just what instrumented code does, down to the record: what goes before a reading of the clock,
// and what comes after it, tells on how long two of them take, and so does the state of the processor, which changes from one moment to the next.
func (e *emptyBlocks) time() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer == nil {
		e.timer = newScratchTimer()
	}
	n := emptyTimings
	if clock.Source() == "monotonic" {
		n = emptyTimingsSlow
	}
	for range n {
		timeNothing(e.timer)
	}
	e.readings = e.readings[:0]
	e.timer.ring.Drain(func(recs []metric.Record) {
		for i := range recs {
			e.readings = append(e.readings, recs[i].Value.Int())
		}
	})
	clock.Correct(e.readings)
}

// newScratchTimer returns a timer that is on and belongs to no recorder, to see what timings take.
func newScratchTimer() *Timer {
	t := &Timer{ring: ring.NewScratch()}
	t.on.Store(1)
	return t
}

//go:noinline
func timeNothing(t *Timer) { defer t.Start().Stop() }
