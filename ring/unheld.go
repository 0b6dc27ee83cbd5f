//go:build linux && amd64 && gc && !race && !zibrato_portable

package ring

import (
	"unsafe"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// Pinning and unpinning are two calls, which together take as long as all else that counting does. Functions in assembly can do without: the
// runtime stops a goroutine at calls into it and, by a signal, in the code of the compiler, never within assembly (isAsyncSafePoint in
// runtime/preempt.go; https://go.dev/design/24543-non-cooperative-preemption). So from the first instruction to the last they have their P for
// themselves, as between procPin and procUnpin.
//
// What that takes is the number of the P, which only the runtime's own structures tell: g.m.p.id. They are where they are in one version of
// Go, and may be elsewhere in the next. Therefore procPin itself, which reads the same number, is asked where: writing without holding is for
// programs whose procPin consists of the very instructions below. All others pin, and read none of these.

// pinCode is runtime.procPin as Go 1.26 compiles it. The assembly reads the same fields at the same offsets.
var pinCode = [...]byte{
	0x49, 0x8b, 0x4e, 0x30, //                         MOVQ g_m(R14), CX
	0xff, 0x81, 0x08, 0x01, 0x00, 0x00, //             INCL m_locks(CX)
	0x48, 0x8b, 0x89, 0xd0, 0x00, 0x00, 0x00, //       MOVQ m_p(CX), CX
	0x48, 0x63, 0x01, //                               MOVLQSX p_id(CX), AX
	0xc3, //                                           RET
}

// Constants for assembly.
const (
	clockRate     = clock.RateAt
	clockEmpty    = clock.EmptyAt
	clockFraction = clock.Fraction
	clockCounts   = clock.CountsAt
	coarseShift   = clock.CoarseShift
)

// unheld says that who writes may do without holding a shard.
var unheld = *codeOf(procPin) == pinCode

// codeOf returns a function's code, of which there is as much: every function of Go is followed by others, or by what fills the page.
func codeOf(f func() int) *[len(pinCode)]byte {
	closure := *(**struct{ code *[len(pinCode)]byte })(unsafe.Pointer(&f))
	return closure.code
}

// put is Ring.Put. The ring does escape where it makes cells; it has done so before, in Resize, without which it is of no use.
//
//go:noescape
func put(r *Ring, rec metric.Record, o Overflow) bool

// putHere is put for assembly, which jumps to it with the ring in BX, series, time and value in R8, R9 and R10, and the overflow in R11. The arguments' places
// need not have been written to.
//
//go:noescape
func putHere(r *Ring, rec metric.Record, o Overflow) bool

// stopHere reads the clock and puts the timing that ends, for assembly, which jumps to it with the ring in BX, the series in R8 and the start in R10. The arguments' places
// need not have been written to; the frame has the size of that of put.
//
//go:noescape
func stopHere(r *Ring, rec metric.Record, o Overflow) bool

// stopHeld does so where a shard has to be held, or the clock is not the processor's counter. The record's value is the start.
func stopHeld(r *Ring, rec metric.Record, _ Overflow) bool {
	return r.PutTiming(rec.Series, rec.Value.Int(), clock.Ticks())
}

// putHeld puts where a shard has to be held.
func putHeld(r *Ring, rec metric.Record, o Overflow) bool { return r.putHolding(rec, o) }

// putRouse goes on after a record was put while the drain sleeps.
func putRouse(r *Ring, _ metric.Record, _ Overflow) bool {
	r.rouse()
	return true
}

// countRouse goes on after a call that found no room was counted while the drain sleeps.
func countRouse(r *Ring, _ metric.Record, _ Overflow) bool {
	r.rouse()
	return false
}

// add counts one call and adds to the sum.
//
//go:noescape
func add(c *Cells, sum int64)

// addHere is add for assembly, which jumps to it with the arguments in BX and DI as well.
//
//go:noescape
func addHere(c *Cells, sum int64)

// addRouse goes on after a call was counted while the drain sleeps.
func addRouse(c *Cells, _ int64) { c.column.ring.rouse() }
