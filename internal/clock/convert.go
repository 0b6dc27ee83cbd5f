package clock

import (
	"math"
	"math/bits"
	"time"
)

const (
	// Fraction is how many binary places rates have, which are fixed-point numbers: what a second's worth of ticks comes to is right within 0.01 ns.
	Fraction = 40
	one      = 1 << Fraction
)

func fixed(rate float64) uint64 { return uint64(math.Round(rate * one)) }

// scale multiplies by a fixed-point number and rounds to nearest. The product must fit 64 bits.
func scale(n, rate uint64) uint64 {
	hi, lo := bits.Mul64(n, rate)
	return hi<<(64-Fraction) | lo>>Fraction + lo>>(Fraction-1)&1
}

// Nanos converts a difference of ticks to nanoseconds, rounded to nearest. A negative one gives 0.
func Nanos(ticks int64) int64 { return int64(scale(uint64(max(ticks, 0)), shared.rate.Load())) }

// Wall converts coarse ticks of the recent past to wall time, given a moment in both. Coarse ticks are
// uint32(ticks >> [CoarseShift]). They wrap after some minutes; what is older than half of that is dated wrong.
func Wall(coarse uint32, nowTicks int64, now time.Time) time.Time {
	age := max(int32(uint32(nowTicks>>CoarseShift)-coarse), 0) // what waited so long that it wrapped is not from the future
	return now.Add(-time.Duration(Nanos(int64(age) << CoarseShift)))
}
