//go:build linux && amd64 && gc && !race && !zibrato_portable

package zibrato

import (
	"slices"
	"testing"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// recorded drains a recorder that nobody consumes, and returns what it says of a series, in ticks.
func recorded(r *Recorder, id uint32) (ticks []int64) {
	r.ring.Drain(func(recs []metric.Record) {
		for _, rec := range recs {
			if rec.Series == id && rec.Time != 0 {
				ticks = append(ticks, rec.Value.Int())
			}
		}
	})
	return ticks
}

// What the assembly leaves to functions of the compiler comes out as what it does itself.
func TestWhatIsNotAsUsualIsTimedAsWell(t *testing.T) {
	r := New(Config{})
	timer := r.NewTimer("timer")
	const long = 1 << 30
	start := clock.Ticks() - long
	stopTimer(timer, start, 0, 0)
	stopTimerSlowly(timer, start, 0, 0)
	stopTimer(timer, start, 0, 0)
	got := recorded(r, timer.id)
	if len(got) != 3 || !slices.IsSorted(got) || got[0] < long || got[2] > 2*long {
		t.Errorf("recorded %d ticks, want three timings of a little more than %d", got, long)
	}
}

// The end that was read before the look-up is the one that is recorded.
func TestANameThatIsLookedUpSlowlyHasTheEndThatWasRead(t *testing.T) {
	const name = "whole.slowly"
	stopNamedSlowly(name, 5, 1005)
	if got := recorded(std, stdKnown.timer(name).id); !slices.Equal(got, []int64{1000}) {
		t.Errorf("recorded %d ticks, want 1000", got)
	}
}
