//go:build (amd64 || arm64) && (linux || darwin) && !zibrato_portable

package clock

import "go.uber.org/atomic"

// Ticks reads the clock. It is never 0.
func Ticks() int64

// counter reads the processor's counter.
func counter() int64

// continued is stored before shared.counts goes back to 0, and not changed again.
var continued atomic.Pointer[line]

// monotonic is what Ticks jumps to while ticks do not come from the counter.
func monotonic() int64 {
	if l := continued.Load(); l != nil {
		return l.at(nanotime())
	}
	return nanotime()
}
