package clock

import (
	"slices"
	"testing"
)

func repeat(n int, reading int64) []int64 { return slices.Repeat([]int64{reading}, n) }

func TestTheTypicalReading(t *testing.T) {
	for name, c := range map[string]struct {
		readings []int64
		want     int64
	}{
		"all equal":                  {repeat(64, 31), 31},
		"some interrupted":           {append([]int64{1e6, 900, 1e9, 5000}, repeat(60, 31)...), 31},
		"a counter in steps":         {append(repeat(34, 26), repeat(30, 52)...), 38}, // 38.2, the high ones are no interruptions
		"a higher step now and then": {append(repeat(58, 21), repeat(6, 42)...), 23},
		"a counter slower than that": {append(repeat(60, 0), repeat(4, 1)...), 0},
		"between two processors":     {append(repeat(32, -100), repeat(32, 20)...), 0},
	} {
		if got := typical(c.readings); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAnEmptyBlockTakesAboutTwoReadingsOfTheClock(t *testing.T) {
	most := int64(0)
	for range 10_000 {
		most = max(most, elapsed(Ticks()))
	}
	if got := EmptyBlock(); got < 0 || got > 10*most+10 {
		t.Errorf("%d ticks, where the longest of many took %d", got, most)
	}
}
