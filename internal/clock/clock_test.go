package clock

import (
	"testing"
	"time"
)

func TestTicksAdvanceWithTheMonotonicClock(t *testing.T) {
	Calibrate()
	before := time.Now()
	from := Ticks()
	for time.Since(before) < 2*time.Millisecond {
	}
	got, upper := time.Duration(Nanos(Ticks()-from)), time.Since(before)
	if got <= time.Millisecond || got > upper+upper/1000 {
		t.Errorf("%v of ticks passed within %v", got, upper)
	}
}

func TestWallSurvivesTheWrapOfCoarseTicks(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, ticks := range []int64{1 << 50, 5 << CoarseShift, (1<<32 + 3) << CoarseShift} {
		then := ticks - 8<<CoarseShift
		got := Wall(uint32(then>>CoarseShift), ticks, now)
		if want := now.Add(-time.Duration(Nanos(8 << CoarseShift))); !got.Equal(want) {
			t.Errorf("at %d ticks: %v, want %v", ticks, got, want)
		}
	}
}
