// Package clock is the clock of the hot path: ticks that are cheap to read, and their conversion to wall time.
//
// A tick is a nanosecond of the monotonic clock. Only differences of ticks mean anything.
package clock

import "time"

// CoarseShift turns ticks into the coarse ticks of a record, units of 1.024 µs: uint32(ticks >> CoarseShift). They wrap
// after 73 minutes, which no record waits in a ring.
const CoarseShift = 10

// Wall converts coarse ticks of the recent past to wall time, given a moment in both.
func Wall(coarse uint32, nowTicks int64, now time.Time) time.Time {
	age := max(int32(uint32(nowTicks>>CoarseShift)-coarse), 0) // what waited so long that it wrapped is not from the future
	return now.Add(-time.Duration(age) << CoarseShift)
}
