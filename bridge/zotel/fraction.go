package zotel

import (
	"math"

	"go.uber.org/atomic"
)

// fraction is what numbers that were added had beyond whole ones, in units of 2^-64. Any goroutine may add to it.
type fraction struct{ atomic.Uint64 }

// whole returns what is to be added to a whole total for a number whose absolute value is below 2^63, such that the total is at most what was added, and by less
// than 1.
func (f *fraction) whole(v float64) int64 {
	floor := math.Floor(v)
	n, part := int64(floor), v-floor
	switch {
	case part == 0:
		return n
	case part == 1: // a negative number so small that the difference was rounded
		return n + 1
	}
	// What overflows is a whole one.
	if p := uint64(part * (1 << 64)); f.Add(p) < p {
		n++
	}
	return n
}
