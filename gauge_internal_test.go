package zibrato

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// asking attaches a consumer that watches all, for as long as the recorder is open.
func asking(t *testing.T, r *Recorder) {
	t.Helper()
	tap, err := r.Attach(func(*metric.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	tap.Watch(everything, nil)
}

// What a function looks at may be gone once stop has returned, however late the goroutine that asks it runs.
func TestAGaugeFunctionIsNotAskedAfterItsStop(t *testing.T) {
	r := New(Config{AskEvery: time.Hour})
	asking(t, r)
	asked := false
	stop := r.NewGaugeFunc("g", func() float64 { asked = true; return 1 })
	gf := r.asks.funcs[0]
	gf.busy <- struct{}{} // as askAll does before it starts the goroutine
	stop()
	r.ask(gf)
	if asked {
		t.Error("asked")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseWaitsForAGaugeFunctionThatWasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{})
		asking(t, r)
		begun, free := make(chan struct{}), make(chan struct{})
		stop := r.NewGaugeFunc("g", func() float64 { close(begun); <-free; return 1 })
		<-begun
		stop()
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(closeTimeout / 2)
		select {
		case <-closed:
			t.Error("closed while the function was under way")
		default:
		}
		close(free)
		<-closed
		r.asks.mu.Lock()
		defer r.asks.mu.Unlock()
		if n := len(r.asks.funcs) + len(r.asks.leaving); n != 0 {
			t.Errorf("%d functions are still kept", n)
		}
	})
}

// A context that has ended already is no reason to call a function slow that nobody asks.
func TestCloseWithoutTimeDoesNotBlameGaugeFunctions(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 64 { // a choice between two that are ready is a coin's toss
		r := New(Config{AskEvery: time.Hour})
		r.NewGaugeFunc("g", func() float64 { return 1 })
		if err := r.awaitAsked(ended); err != nil {
			t.Fatal(err)
		}
	}
}

// The next question may come some time after it is due, and never when the level goes off meanwhile.
func TestAGaugeFunctionThatIsTooSlowIsCountedWithoutAnotherQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{})
		z := r.With()
		gf := &gaugeFunc{g: z.NewGauge("g"), busy: make(chan struct{}, 1)}
		gf.f = func() float64 { time.Sleep(r.cfg.AskEvery + 1); return 1 }
		gf.busy <- struct{}{} // as askAll does before it starts the goroutine
		r.ask(gf)
		if n := r.misused[misuseSlow].Load(); n != 1 {
			t.Errorf("counted %d times, want once", n)
		}
		gf.f = func() float64 { time.Sleep(r.cfg.AskEvery); return 1 }
		gf.busy <- struct{}{}
		r.ask(gf)
		if n := r.misused[misuseSlow].Load(); n != 1 {
			t.Errorf("one that was in time is counted")
		}
	})
}
