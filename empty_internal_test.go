package zibrato

import (
	"testing"
	"testing/synctest"

	"github.com/zibrato/zibrato/internal/clock"
)

func TestEmptyBlocksAreTimedWhereverRecordersAre(t *testing.T) {
	for range 2 { // more than a segment
		synctest.Test(t, func(*testing.T) {
			for range 200 {
				empties.time()
			}
		})
	}
	empties.mu.Lock()
	if n := len(empties.readings); n != emptyTimings {
		t.Errorf("%d readings, want %d", n, emptyTimings)
	}
	for _, r := range empties.readings {
		if r < 0 {
			t.Errorf("a block took %d ticks", r)
		}
	}
	if least := empties.readings[0]; clock.EmptyBlock() < least/4 {
		t.Errorf("%d ticks are taken off, where the shortest of the last took %d", clock.EmptyBlock(), least)
	}
	empties.mu.Unlock()
	if n := testing.AllocsPerRun(100, empties.time); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
