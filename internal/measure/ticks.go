//go:build amd64 || arm64

package measure

// Ticks reads the processor's own counter of time and does nothing else: what any timer must pay at least, and the finest ruler there is. It
// counts TSC cycles on amd64 and those of CNTVCT_EL0 on arm64; see [TicksPerNanosecond].
//
//go:noescape
func Ticks() int64
