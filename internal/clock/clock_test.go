package clock

import (
	"testing"
	"time"
)

func TestTicksAreNanosecondsOfTheMonotonicClock(t *testing.T) {
	before := time.Now()
	from := Ticks()
	for time.Since(before) < 2*time.Millisecond {
	}
	ticks, upper := time.Duration(Ticks()-from), time.Since(before)
	if ticks <= time.Millisecond || ticks > upper {
		t.Errorf("%v of ticks passed within %v", ticks, upper)
	}
}

func TestWallSurvivesTheWrapOfCoarseTicks(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, ticks := range []int64{1 << 50, 5 << CoarseShift, (1<<32 + 3) << CoarseShift} {
		then := ticks - 8<<CoarseShift
		got := Wall(uint32(then>>CoarseShift), ticks, now)
		if want := now.Add(-8 << CoarseShift); !got.Equal(want) {
			t.Errorf("at %d ticks: %v, want %v", ticks, got, want)
		}
	}
}
