package harness

import (
	"math"
	"runtime"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

func TestTheConsumerTellsWhatWasLostWhileTheDrainStood(t *testing.T) {
	r := zibrato.New(zibrato.Config{RingBytes: 64 << 10})
	c := Consume(t, r)
	timer := r.NewTimer("t")
	timer.Observe(30)
	timer.Observe(10)
	if calls, mean, lost := c.Calls(), c.MeanNanos(), c.Lost(); calls != 2 || mean != 20 || lost != 0 {
		t.Errorf("%d calls of %v ns, %v lost", calls, mean, lost)
	}
	c.Reset()
	release := c.StopDrain(func() { timer.Observe(1) })
	const calls = 100_000
	for range calls {
		timer.Observe(1)
	}
	release()
	if n, lost := c.Calls(), c.Lost(); n != calls+1 || lost < 0.5 || lost >= 1 {
		t.Errorf("%d calls, %v of them lost", n, lost)
	}
	c.Reset()
	timer.Observe(1)
	if n, lost := c.Calls(), c.Lost(); n != 1 || lost != 0 {
		t.Errorf("afterwards: %d calls, %v of them lost", n, lost)
	}
}

func TestLoadsCountWhatTheyDid(t *testing.T) {
	var done atomic.Int64
	count := func(n int) { done.Add(int64(n)) }
	if n := Paced(1e6, 10*time.Millisecond, count); int64(n) != done.Load() || n != 10_000/runtime.GOMAXPROCS(0)*runtime.GOMAXPROCS(0) {
		t.Errorf("paced: %d, %d were done", n, done.Load())
	}
	done.Store(0)
	if n := Saturate(3, time.Millisecond, count); int64(n) != done.Load() || n == 0 {
		t.Errorf("saturated: %d, %d were done", n, done.Load())
	}
}

func TestLatenciesSeeASlowCall(t *testing.T) {
	var l Latencies
	l.Run(2*time.Millisecond, Busy, func() { measure.Spin(200) })
	var none Latencies
	none.Run(2*time.Millisecond, Busy, Nothing)
	if l.Call.Quantile(0.5) <= none.Call.Quantile(0.5) {
		t.Errorf("the median is %d with a slow call, %d with none", l.Call.Quantile(0.5), none.Call.Quantile(0.5))
	}
	if l.Call.Count() != l.Turn.Count() || l.Turn.Quantile(0.5) < l.Call.Quantile(0.5) {
		t.Errorf("%d calls in %d turns", l.Call.Count(), l.Turn.Count())
	}
	if s := new(Latencies).Stalls(); s != 0 {
		t.Errorf("%v stalls of nothing", s)
	}
	var stall Latencies
	stall.Turn.Add(int64(2 * float64(Stalled) * measure.TicksPerNanosecond()))
	stall.Turn.Add(1)
	if s := stall.Stalls(); s != 5e7 {
		t.Errorf("one of two turns stalled: %v of 10⁸", s)
	}
}

func TestDifferenceIsTheMedianOverRounds(t *testing.T) {
	x, y := measure.Result{Ns: []float64{5, 9, 100}}, measure.Result{Ns: []float64{3, 8, 20}}
	if d := Difference(x, y); d != 2 {
		t.Errorf("%v, want 2", d)
	}
}

func TestHeapHasTheSizeAskedFor(t *testing.T) {
	n := 0
	for node := NewHeap(6400); node != nil; node = node.Next {
		n++
	}
	if n != 100 {
		t.Errorf("%d nodes of 64 bytes", n)
	}
}

func TestMedianErrorShrinksWithTheRootOfTheRounds(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5}
	if e := MedianError(x); math.Abs(e-1.57*2/math.Sqrt(5)) > 1e-12 {
		t.Errorf("%v", e)
	}
	var many []float64
	for range 100 {
		many = append(many, x...)
	}
	if e, f := MedianError(x), MedianError(many); math.Abs(e/f-10) > 1e-9 {
		t.Errorf("%v with 5 rounds, %v with 500", e, f)
	}
}
