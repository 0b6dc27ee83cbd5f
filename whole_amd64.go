//go:build linux && gc && !race && !zibrato_portable

package zibrato

import "github.com/zibrato/zibrato/internal/clock"

// The calls that are made most are whole in assembly, up to where they go on in the ring: between two functions of the compiler lies a nanosecond,
// of the five that counting takes. Whatever is not as usual goes on in the function …Slowly, with the same arguments.

// inc counts one call of the counter of a name.
//
//go:noescape
func inc(name string)

func incSlowly(name string) { stdKnown.inc(name) }

// stopNamed ends a timing of the timer of a name. The last argument makes room for those of ring.put, as the result does.
//
//go:noescape
func stopNamed(name string, start int64, room uint64) bool

func stopNamedSlowly(name string, start int64, _ uint64) bool {
	stdKnown.stop(name, start)
	return true
}

// stopTimer ends a timing. The two last arguments make room in the same way.
//
//go:noescape
func stopTimer(t *Timer, start int64, room1, room2 uint64) bool

func stopTimerSlowly(t *Timer, start int64, _, _ uint64) bool {
	t.record(start, clock.Ticks())
	return true
}

func (t *Timer) stop(start int64) { stopTimer(t, start, 0, 0) }

func (p pendingDefault) stop() { stopNamed(p.name, p.start, 0) }
