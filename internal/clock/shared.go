package clock

import (
	"unsafe"

	"go.uber.org/atomic"
)

// cacheLine is the largest of the platforms: that of Apple's processors.
const cacheLine = 128

// words are what every processor reads on its hot path. They are written once a second, and alone on their cache line.
type words struct {
	_      [cacheLine]byte
	rate   atomic.Uint64 // nanoseconds of a tick, fixed-point
	empty  atomic.Int64  // see EmptyBlock
	counts atomic.Uint32 // 1 while ticks come from the counter. Ticks and the package zibrato read it in assembly.
	_      [cacheLine]byte
}

// CountsAt is where the word of shared is that tells whether ticks come from the counter. It is for assembly that reads the counter as [Ticks] does.
const CountsAt = unsafe.Offsetof(words{}.counts)

var shared words
