package measure

import (
	"math"
	"sync"
	"time"
)

// rateSpan is how long ticks are compared with the clock: long against what the readings at either end may be apart.
const rateSpan = 20 * time.Millisecond

// TicksPerNanosecond returns how many [Ticks] pass in a nanosecond. The first call takes a moment. It owes nothing to the clock of the library,
// so that it can check what the library reports.
var TicksPerNanosecond = sync.OnceValue(func() float64 {
	begun := time.Now()
	t0, ticks0 := bothClocks(begun)
	for time.Since(begun) < rateSpan {
	}
	t1, ticks1 := bothClocks(begun)
	return float64(ticks1-ticks0) / float64(t1-t0)
})

// bothClocks reads the clock and the ticks at the same moment: of some tries it takes the one that nothing came between.
func bothClocks(origin time.Time) (at time.Duration, ticks int64) {
	closest := time.Duration(math.MaxInt64)
	for range 32 {
		before := time.Since(origin)
		now := Ticks()
		if gap := time.Since(origin) - before; gap < closest {
			closest, at, ticks = gap, before+gap/2, now
		}
	}
	return at, ticks
}
