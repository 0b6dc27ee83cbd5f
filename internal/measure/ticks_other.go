//go:build !amd64 && !arm64

package measure

import "time"

var ticksOrigin = time.Now()

// Ticks reads the monotonic clock, since the processor's own counter is not at hand.
func Ticks() int64 { return int64(time.Since(ticksOrigin)) }
