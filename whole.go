//go:build !linux || !amd64 || !gc || race || zibrato_portable

package zibrato

import "github.com/zibrato/zibrato/internal/clock"

func inc(name string) { stdKnown.inc(name) }

func (t *Timer) stop(start int64) { t.record(start, clock.Ticks()) }

func (p pendingDefault) stop() {
	end := clock.Ticks() // before the look-up, which is not part of the block
	stdKnown.time(p.name, p.start, end)
}
