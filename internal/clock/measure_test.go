package clock

import (
	"slices"
	"testing"
)

func repeat(n int, reading int64) []int64 { return slices.Repeat([]int64{reading}, n) }

func TestTheTypicalReading(t *testing.T) {
	for name, c := range map[string]struct {
		readings []int64
		want     float64
	}{
		"all equal":                  {repeat(64, 31), 31},
		"some interrupted":           {append([]int64{1e6, 900, 1e9, 5000}, repeat(60, 31)...), 31},
		"a counter in steps":         {append(repeat(34, 26), repeat(30, 52)...), 38.1875}, // the high ones are no interruptions
		"a higher step now and then": {append(repeat(58, 21), repeat(6, 42)...), 22.96875},
		"a counter slower than that": {append(repeat(60, 0), repeat(4, 1)...), 0.0625},
		"between two processors":     {append(repeat(32, -100), repeat(32, 20)...), 0},
	} {
		if got := typical(c.readings); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestTheCorrectionFollowsWhatEmptyBlocksRead(t *testing.T) {
	was, shown := empty, EmptyBlock()
	defer func() { empty = was; shared.empty.Store(shown) }()
	empty = unknown
	Correct([]int64{40, 30, 50, 1e6})
	if got := EmptyBlock(); got != 40 {
		t.Errorf("%d at first, want 40", got)
	}
	Correct([]int64{80})
	if got := EmptyBlock(); got != 50 {
		t.Errorf("then %d, want 50", got)
	}
	for range 100 {
		Correct([]int64{21, 22, 21, 22, 22}) // 21.6: the fraction is kept
	}
	if got := EmptyBlock(); got != 22 {
		t.Errorf("%d at last, want 22", got)
	}
}
