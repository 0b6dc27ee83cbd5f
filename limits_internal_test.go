package zibrato

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// A timing may end while a pass is under way, and be longer than the recorder was old when the pass began.
func TestATimingThatEndsInALongPassIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{})
		c := collect(t, r, "x")
		c.Watch(everything, nil)
		timer := r.NewTimer("x")
		p := pausedPass(t, r)
		time.Sleep(time.Minute)
		perSecond := int64(1e9 * float64(1<<30) / float64(clock.Nanos(1<<30)))
		timer.record(1, 1+50*perSecond)
		r.ring.Drain(p.records)
		<-r.draining
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if len(c.values) != 1 || math.Abs(c.values[0]-50) > 0.1 {
			t.Errorf("durations %v, want 50 s", c.values)
		}
	})
}

func TestLatenciesMayBeForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{Latency: math.MaxInt64, SummaryEvery: math.MaxInt64})
		for _, w := range []choice{{metric.Samples: everything}, {metric.Summaries: everything}} {
			c := collect(t, r, "x")
			c.Watch(w[metric.Samples], w[metric.Summaries])
			for range 10 * eagerly {
				r.Observe("x", 1)
				time.Sleep(time.Second)
			}
			r.draining <- struct{}{} // what the drain wrote is read after it
			if c.batches > eagerly {
				t.Errorf("%d batches came, want %d", c.batches, eagerly)
			}
			<-r.draining
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if c.gain != 10*eagerly {
				t.Errorf("%d calls came, want %d", c.gain, 10*eagerly)
			}
		}
	})
}

// Growth by more than an integer holds looks like a loss.
func TestACellThatOverflowsStaysAtItsLimit(t *testing.T) {
	r := New(Config{})
	c := collect(t, r, "x")
	c.Watch(everything, nil)
	timer, counter := r.NewTimer("t"), r.NewCounter("c")
	for range 2 {
		r.ring.Add(timer.id, math.MaxInt64) // as a timing that finds no room
		counter.Add(math.MaxInt64)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, s := range []*series{timer.s, counter.s} {
		if want := (metric.Totals{Count: 2, Sum: metric.IntValue(math.MaxInt64)}); s.total != want {
			t.Errorf("%s: totals %+v, want %+v", s.desc.Name, s.total, want)
		}
	}
}
