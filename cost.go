package zibrato

import (
	"math"
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// costs are what calls cost here, in nanoseconds.
type costs struct {
	timing float64 // two readings of the clock and a record
	record float64
	cell   float64
}

func (c costs) of(timings, records, cells uint64) time.Duration {
	return time.Duration(c.timing*float64(timings) + c.record*float64(records-timings) + c.cell*float64(cells))
}

// callCosts measures the costs of calls, once in a process, in some ten microseconds.
var callCosts = sync.OnceValue(func() costs {
	const calls = 100
	timer := newScratchTimer()
	scratch := timer.ring
	measure := func(call func()) float64 {
		least := int64(math.MaxInt64)
		for range 10 { // in the best of which nothing came in between; few enough records for one segment
			begun := clock.Ticks()
			for range calls {
				call()
			}
			least = min(least, clock.Ticks()-begun)
		}
		return float64(clock.Nanos(least)) / calls
	}
	return costs{
		timing: measure(func() { timer.Start().Stop() }),
		record: measure(func() { scratch.Put(metric.Record{}, ring.Int) }),
		cell:   measure(func() { scratch.Add(0, 1) }),
	}
})
