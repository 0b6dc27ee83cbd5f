//go:build !zibrato_portable

package clock

import _ "unsafe" // for go:linkname

// nanotime reads the monotonic clock in nanoseconds, at half the price of time.Now, which reads the wall clock as well. It is never 0.
// Tests that fake the time do not fake it.
//
//go:noescape
//go:linkname nanotime runtime.nanotime
func nanotime() int64
