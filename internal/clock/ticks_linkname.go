//go:build !zibrato_portable && !race

package clock

import _ "unsafe" // for go:linkname

// Ticks reads the clock. It is runtime.nanotime, half the price of time.Now, which reads the wall clock as well. It is never 0.
//
//go:noescape
//go:linkname Ticks runtime.nanotime
func Ticks() int64
