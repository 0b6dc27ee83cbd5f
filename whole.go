//go:build !linux || !amd64 || !gc || race || zibrato_portable

package zibrato

import "github.com/zibrato/zibrato/internal/clock"

func inc(name string) { stdKnown.inc(name) }

func (t *Timer) stop(start int64) { t.record(start, clock.Ticks()) }

func (p pendingDefault) stop() { stdKnown.stop(p.name, p.start) }
