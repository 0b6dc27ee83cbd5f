package backend

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// A window has what happened in it. What a living process repeats of idle series, so that nothing of it gets lost, is no news, and is never
// forgotten, however long they are idle.
func TestIdleSeriesOfALivingProcessAreInNoWindowAndLoseNothing(t *testing.T) {
	for _, d := range details {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testIdle(t, d) })
		})
	}
}

func testIdle(t *testing.T, d metric.Detail) {
	f := testFold(Config{Expire: 3 * time.Minute})
	p, other := newProcess(1, time.Now(), d), newProcess(2, time.Now(), d)
	three := func(k metric.Kind) metric.Value {
		if k.Integer() {
			return metric.IntValue(3)
		}
		return metric.FloatValue(3)
	}
	idle := map[metric.Kind]*sent{}
	for _, k := range metric.Kinds {
		idle[k] = p.add(series(k, k.String()))
		p.call(idle[k], three(k))
	}
	busy := p.add(series(metric.Counter, "busy"))
	f.add(p.batch(metric.Info, false), time.Now())
	f.take(time.Now(), false)

	for minute := range 60 {
		time.Sleep(time.Minute)
		p.call(busy, metric.IntValue(1))
		f.add(p.batch(metric.Info, true), time.Now())
		if w := f.take(time.Now(), false); len(w) != 1 || w[0].Name != "busy" || w[0].IntSum != 1 {
			t.Fatalf("minute %d: %d series, first %+v, want the one that is busy", minute, len(w), w[0])
		}
	}
	if n := f.snapshot().Known; n != len(metric.Kinds)+1 {
		t.Errorf("%d series are known, want %d", n, len(metric.Kinds)+1)
	}

	for _, k := range metric.Kinds {
		p.call(idle[k], three(k))
	}
	p.batch(metric.Info, false) // is lost
	f.add(p.batch(metric.Info, true), time.Now())
	o := other.add(series(metric.UpDown, metric.UpDown.String()))
	other.call(o, metric.IntValue(4))
	f.add(other.batch(metric.Info, false), time.Now())
	w := f.take(time.Now(), false)
	for _, k := range metric.Kinds {
		a := find(w, k.String())
		if a == nil {
			t.Errorf("%v: what was lost was not made up for", k)
			continue
		}
		calls := uint64(1)
		if k == metric.UpDown {
			calls = 2
			if a.Detail.Last != 7 {
				t.Errorf("%v: %v in sum, want 3 of the process that was idle and 4", k, a.Detail.Last)
			}
		}
		if a.Count != calls {
			t.Errorf("%v: %d calls, want %d", k, a.Count, calls)
		}
		if sum := k.InUnits(three(k)); (k == metric.Timer || k == metric.Counter || k == metric.Distribution) && a.Sum != sum {
			t.Errorf("%v: the sum is %v, want %v", k, a.Sum, sum)
		}
	}
}
