package zibrato

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// asker asks the functions of NewGaugeFunc.
type asker struct {
	mu      sync.Mutex
	funcs   []*gaugeFunc
	leaving []*gaugeFunc // stopped while they were asked
}

type gaugeFunc struct {
	g    *Gauge
	f    func() float64
	busy chan struct{} // holds one token while f runs

	// Guarded by the asker's mutex.
	stopped bool
	late    bool // it was counted that the question under way takes too long
}

// NewGaugeFunc makes a gauge that is set to what f returns, every Config.AskEvery while its level is watched, off the hot path. Each function is asked on a goroutine of
// its own: one that takes longer than Config.AskEvery, or panics, is counted as misuse, is not asked again before it returned, and delays nobody else. The returned function ends the
// asking; call it, or close the recorder. One question may be under way when it returns, for which Close waits.
func (z *Scope) NewGaugeFunc(name string, f func() float64, opts ...Option) (stop func()) {
	if z == nil || z.r == nil || f == nil {
		return nop
	}
	r := z.r
	gf := &gaugeFunc{g: z.NewGauge(name, opts...), f: f, busy: make(chan struct{}, 1)}
	r.asks.mu.Lock()
	defer r.asks.mu.Unlock()
	r.asks.funcs = append(r.asks.funcs, gf)
	r.hasten()
	return func() { r.asks.stop(gf) }
}

func (a *asker) stop(gf *gaugeFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if gf.stopped {
		return
	}
	gf.stopped = true
	a.funcs = without(a.funcs, gf)
	if len(gf.busy) > 0 {
		a.leaving = append(a.leaving, gf)
	}
}

func without(funcs []*gaugeFunc, gf *gaugeFunc) []*gaugeFunc {
	return slices.DeleteFunc(funcs, func(o *gaugeFunc) bool { return o == gf })
}

// askAll starts asking all functions whose level is watched.
func (r *Recorder) askAll() {
	r.asks.mu.Lock()
	defer r.asks.mu.Unlock()
	for _, gf := range r.asks.funcs {
		if gf.g.on.Load() == 0 {
			continue
		}
		select {
		case gf.busy <- struct{}{}:
			gf.late = false
			go r.ask(gf)
		default: // still at the last question
			gf.late = true
			r.misuse(misuseSlow, gf.g.s)
		}
	}
}

// awaitAsked waits for the functions that are being asked.
func (r *Recorder) awaitAsked(ctx context.Context) error {
	r.asks.mu.Lock()
	funcs := slices.Concat(r.asks.funcs, r.asks.leaving)
	r.asks.mu.Unlock()
	for _, gf := range funcs {
		if !acquire(ctx, gf.busy) {
			return fmt.Errorf("zibrato: close: the function of gauge %q does not return: %w", gf.g.s.desc.Name, ctx.Err())
		}
		r.asks.done(gf)
	}
	return nil
}

func (r *Recorder) ask(gf *gaugeFunc) {
	defer func() {
		if recover() != nil {
			r.misuse(misusePanic, gf.g.s)
		}
		r.asks.done(gf)
	}()
	if r.asks.left(gf) {
		return
	}
	begun := time.Now()
	v := gf.f()
	if time.Since(begun) <= r.cfg.AskEvery {
		gf.g.Set(v)
	} else if !r.asks.toldLate(gf) {
		r.misuse(misuseSlow, gf.g.s)
	}
}

// left reports whether the function was stopped before its goroutine came to ask it.
func (a *asker) left(gf *gaugeFunc) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return gf.stopped
}

// toldLate reports whether it was counted that the question under way takes too long.
func (a *asker) toldLate(gf *gaugeFunc) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return gf.late
}

func (a *asker) done(gf *gaugeFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	<-gf.busy
	a.leaving = without(a.leaving, gf)
}
