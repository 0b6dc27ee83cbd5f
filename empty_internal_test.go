package zibrato

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
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
	if n := len(empties.readings); n != emptyTimings && n != emptyTimingsSlow {
		t.Errorf("%d readings", n)
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

// A correction that is wrong is mended when somebody attaches, and goes on to be while they drain.
func TestEachPassRenewsTheCorrection(t *testing.T) {
	const wrong = 1 << 40
	r := New(Config{})
	tap, err := r.Attach(func(*metric.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	for range 200 { // each goes a quarter of the way
		clock.Correct([]int64{wrong})
	}
	was := clock.EmptyBlock()
	other, err := r.Attach(func(*metric.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	attached := clock.EmptyBlock()
	for range 200 {
		if err := tap.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if passed := clock.EmptyBlock(); attached >= was || passed >= attached || passed >= wrong/1_000_000 {
		t.Errorf("%d ticks were taken off, %d after Attach, %d after many passes", was, attached, passed)
	}
	for _, tap := range []*Tap{tap, other} {
		if err := tap.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
