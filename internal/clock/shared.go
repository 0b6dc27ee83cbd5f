package clock

import (
	"unsafe"

	"go.uber.org/atomic"
)

// cacheLine is the largest of the platforms: that of Apple's processors.
const cacheLine = 128

// words are what every processor reads on its hot path. They are written once a second, and when the correction changes, and lie alone on their cache line.
type words struct {
	_      [cacheLine]byte
	rate   atomic.Uint64 // nanoseconds of a tick, fixed-point
	empty  atomic.Int64  // see EmptyBlock
	counts atomic.Uint32 // 1 while ticks come from the counter. Ticks and the package ring read it in assembly
	_      [cacheLine]byte
}

// Where words of shared are, for assembly of other packages.
const (
	// CountsAt is where the word is that tells whether ticks come from the counter. What reads the counter as [Ticks] does looks there.
	CountsAt = unsafe.Offsetof(words{}.counts)
	// RateAt and EmptyAt are where those words are that make a [Scale].
	RateAt  = unsafe.Offsetof(words{}.rate)
	EmptyAt = unsafe.Offsetof(words{}.empty)
)

var shared words
