package zibrato_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestTheLastSampleOfAGaugeIsTheLastValueSet(t *testing.T) {
	r := zibrato.New(zibrato.Config{Latency: 1e6})
	c := consume(t, r, all)
	g := r.NewGauge("g")
	// Goroutines take turns, so that there is an order; each runs on whatever processor comes.
	const turns, players = 4000, 4
	turn := make([]chan int, players)
	for i := range turn {
		turn[i] = make(chan int, 1)
	}
	var wg sync.WaitGroup
	for p := range players {
		wg.Go(func() {
			next := turn[(p+1)%players]
			for n := range turn[p] {
				g.Set(float64(n))
				if n == turns {
					for i := range turn {
						close(turn[i])
					}
					return
				}
				next <- n + 1
			}
		})
	}
	turn[0] <- 1
	wg.Wait()
	vs := values(c.flushed(t), "g")
	if got := vs[len(vs)-1].Float(); got != turns {
		t.Errorf("the last sample is %v, want %v", got, turns)
	}
	if len(vs) != turns {
		t.Errorf("%d samples, want %d", len(vs), turns)
	}
}

func TestAGaugeFunctionIsAskedWhileItsLevelIsWatched(t *testing.T) {
	r := zibrato.New(zibrato.Config{AskEvery: time.Millisecond})
	c := consume(t, r, all)
	var asked, debug atomic.Int64
	stop := r.NewGaugeFunc("pool.idle", func() float64 { return float64(asked.Inc()) }, zibrato.WithUnit("{conn}"))
	stopDebug := r.With(zibrato.AtLevel("debug")).NewGaugeFunc("debug", func() float64 { return float64(debug.Inc()) })
	defer stopDebug()
	until(t, "the functions to be asked", func() bool { return asked.Load() > 3 && debug.Load() > 3 })
	stop()
	stop() // again does nothing
	until(t, "a sample", func() bool { return len(values(c.flushed(t), "pool.idle")) > 0 })
	c.Watch(only("info"), nil)
	c.flushed(t)
	stopped, unwatched := asked.Load(), debug.Load()
	var third atomic.Int64
	defer r.NewGaugeFunc("third", func() float64 { return float64(third.Inc()) })()
	until(t, "another to be asked", func() bool { return third.Load() > 5 })
	// One question of each may have been under way.
	if asked.Load() > stopped+1 || debug.Load() > unwatched+1 {
		t.Errorf("asked %d times after stop and %d times unwatched", asked.Load()-stopped, debug.Load()-unwatched)
	}
}

func TestAGaugeFunctionThatPanicsOrHangsHarmsNobody(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{AskEvery: time.Millisecond})
	free := make(chan struct{})
	var good, hung atomic.Int64
	defer rec.NewGaugeFunc("panics", func() float64 { panic("no") })()
	defer rec.NewGaugeFunc("hangs", func() float64 { hung.Inc(); <-free; return 1 })()
	defer rec.NewGaugeFunc("good", func() float64 { return float64(good.Inc()) })()
	until(t, "panics and slowness to be counted while another is asked", func() bool {
		m := rec.Misuses()
		return m["panic"] > 1 && m["slow"] > 1 && good.Load() > 5
	})
	if n := hung.Load(); n != 1 {
		t.Errorf("a function that did not answer was asked %d times, want 1", n)
	}
	// Close waits for it no longer than it must, and names it.
	if err := rec.Close(); err == nil || !strings.Contains(err.Error(), `"hangs"`) {
		t.Errorf("closed with a function under way: %v", err)
	}
	close(free)
}

func TestCloseDoesNotWaitForever(t *testing.T) {
	r := zibrato.New(zibrato.Config{Latency: 1e6})
	release := stall(t, r)
	c, cancel := context.WithCancel(context.Background())
	cancel()
	tap := consume(t, r, all)
	if err := tap.Flush(c); err == nil {
		t.Error("flushed although the drain is held")
	}
	if err := tap.Tap.Close(c); err == nil {
		t.Error("closed although the drain is held")
	}
	release()
	if err := tap.Flush(patient(t)); err != nil {
		t.Error(err)
	}
}
