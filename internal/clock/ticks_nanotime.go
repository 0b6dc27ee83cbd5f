//go:build !((amd64 || arm64) && (linux || darwin)) && !zibrato_portable

package clock

import _ "unsafe" // for go:linkname

// Ticks reads the clock. It is never 0.
//
//go:noescape
//go:linkname Ticks runtime.nanotime
func Ticks() int64
