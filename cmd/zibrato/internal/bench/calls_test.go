package bench

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSlicesAreLongWhereThereIsTimeAndLeaveRoomInTheRing(t *testing.T) {
	for _, test := range []struct {
		whole        time.Duration
		cases, cores int
		want         time.Duration
	}{
		{10 * time.Second, 30, 1, 4 * time.Millisecond},
		{10 * time.Second, 30, 2, 4 * time.Millisecond},
		{10 * time.Second, 30, 16, time.Millisecond},
		{10 * time.Second, 30, 1024, 100 * time.Microsecond},
		{time.Second, 20, 1, time.Second / 600},
		{10 * time.Millisecond, 30, 1, 100 * time.Microsecond},
	} {
		if got := sliceFor(test.whole, test.cases, test.cores); got != test.want {
			t.Errorf("sliceFor(%v, %d, %d) = %v, want %v", test.whole, test.cases, test.cores, got, test.want)
		}
	}
}

func TestEachSubjectHasAKeyAndANameOfItsOwn(t *testing.T) {
	var keys, codes []string
	for _, s := range slices.Concat(yardsticks(), calls()) {
		if slices.Contains(keys, s.key) || slices.Contains(codes, s.code) {
			t.Errorf("%s, %s: a second one", s.key, s.code)
		}
		if len([]rune(s.code)) > nameWidth || strings.TrimSpace(s.code) == "" {
			t.Errorf("%q does not fit the table", s.code)
		}
		keys, codes = append(keys, s.key), append(codes, s.code)
	}
	if keys[0] != keyTimeNow || !slices.Contains(keys, keyTime) {
		t.Errorf("the conclusion finds no %s first, or no %s in %q", keyTimeNow, keyTime, keys)
	}
}

func TestYardsticksDoNothingThatAllocates(t *testing.T) {
	for _, s := range yardsticks() {
		if n := testing.AllocsPerRun(100, func() { s.run(10) }); n != 0 {
			t.Errorf("%s: %v allocations", s.key, n)
		}
	}
}
