//go:build cgo && linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"go.uber.org/atomic"
)

// publishing is what a publisher is told when it is started.
type publishing struct {
	Source   string
	Endpoint string
	Truth    string // its files
	Journal  string
	Stats    string
	Rate     int // calls a second
	// RingBytes is of zibrato.Config.
	RingBytes int
	// CloseTimeout is how long the end may take.
	CloseTimeout time.Duration
}

const (
	workers    = 2
	burstCalls = 1 << 20
	// samplesTopics is how many topics for single samples a publisher hears of: those of a backend and of this program. One more is for summaries.
	samplesTopics = 2
)

// errUnsent is that of a publisher that ended, and could not send all. exitUnsent is the status that says so.
var errUnsent = errors.New("not all was sent")

const exitUnsent = 3

// recording are the instruments of one publisher, and what it says of them.
type recording struct {
	truth *truth
	rec   *zibrato.Recorder
	calls [len(plan)]func(n int, rng *rand.Rand) // nil: not recorded yet. Written before it is published by debug
	debug atomic.Bool                            // somebody listens to debug
	stop  atomic.Bool
}

// run records until the context ends, and closes in good order.
func (p *publishing) run(ctx context.Context, log *slog.Logger) error {
	t, err := openTruth(p.Truth)
	if err != nil {
		return err
	}
	j, err := openJournal(p.Journal)
	if err != nil {
		return err
	}
	rec := zibrato.New(zibrato.Config{Source: p.Source, RingBytes: p.RingBytes, SummaryEvery: 200 * time.Millisecond})
	r := &recording{truth: t, rec: rec}
	r.prepare()
	// The journal is a consumer beside the publisher, and gets the same batches. It wants no level that is not on anyway.
	tap, err := rec.Attach(func(b *metric.Batch) {
		if err := j.put(b); err != nil {
			log.Error("journal", "error", err)
		}
	})
	if err != nil {
		return err
	}
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: p.Endpoint, CloseTimeout: p.CloseTimeout, Logger: log})
	if err != nil {
		return err
	}
	tap.Watch(nil, func(l metric.Level) bool { return l != metric.Debug })
	go func() {
		if pub.WaitSubscriber(ctx, metric.Debug) == nil {
			r.debug.Store(true)
		}
	}()
	var work sync.WaitGroup
	for n := range workers {
		work.Go(func() { r.work(rand.New(rand.NewPCG(uint64(n), uint64(len(p.Source)))), p.Rate/workers) })
	}
	t.started.Store(1)
	r.obey(ctx, pub, &work)
	r.stop.Store(true)
	work.Wait()
	unsent := pub.Close()
	if unsent != nil {
		unsent = fmt.Errorf("%w: %w", errUnsent, unsent)
	}
	return errors.Join(unsent, tap.Close(context.Background()), rec.Close(), writeJSON(p.Stats, pub.Stats()))
}

// prepare makes the instruments. Each function says what it is about to record, records it, and says that it did.
func (r *recording) prepare() {
	for i, s := range plan {
		z := r.rec.With(zibrato.AtLevel(s.level))
		e := &r.truth.series[i]
		switch s.kind {
		case metric.Timer:
			t := z.NewTimer(s.name)
			if s.timed {
				r.calls[i] = e.summing(func(*rand.Rand) int64 { return 0 }, func(int64) { t.Start().Stop() })
				continue
			}
			r.calls[i] = e.summing(func(rng *rand.Rand) int64 { return 1 + rng.Int64N(1e6) }, func(v int64) { t.Observe(time.Duration(v)) })
		case metric.Counter:
			r.calls[i] = e.summing(func(rng *rand.Rand) int64 { return rng.Int64N(10) }, z.NewCounter(s.name).Add)
		case metric.UpDown:
			r.calls[i] = e.summing(func(rng *rand.Rand) int64 { return rng.Int64N(21) - 10 }, z.NewUpDown(s.name).Add)
		case metric.Distribution:
			d := z.NewDistribution(s.name)
			r.calls[i] = e.summing(func(rng *rand.Rand) int64 { return rng.Int64N(1e6) }, func(v int64) { d.Record(float64(v)) })
		case metric.Gauge:
			g := z.NewGauge(s.name)
			var mu sync.Mutex // the last value has to be the last
			r.calls[i] = func(int, *rand.Rand) {
				mu.Lock()
				defer mu.Unlock()
				v := e.begun.Inc()
				e.begunSum.Store(v)
				g.Set(float64(v))
				e.doneSum.Store(v)
				e.done.Inc()
			}
		}
	}
}

// summing returns a function that records n values.
func (e *entry) summing(draw func(*rand.Rand) int64, record func(int64)) func(int, *rand.Rand) {
	return func(n int, rng *rand.Rand) {
		for range n {
			v := draw(rng)
			e.begun.Inc()
			e.begunSum.Add(v)
			record(v)
			e.doneSum.Add(v)
			e.done.Inc()
		}
	}
}

// work records at a rate, until it shall stop.
func (r *recording) work(rng *rand.Rand, rate int) {
	begun, recorded := time.Now(), 0
	for !r.stop.Load() && r.truth.quiet.Load() == 0 {
		due := int(time.Since(begun).Seconds() * float64(rate))
		if due-recorded > rate { // it was stopped: there is no need to make up for that
			recorded = due
		}
		for recorded < due {
			i, n := rng.IntN(len(plan)), 1+rng.IntN(16)
			if plan[i].level != metric.Debug || r.debug.Load() {
				r.calls[i](n, rng)
			}
			recorded += n
		}
		time.Sleep(time.Millisecond)
	}
}

// obey does what the harness asks for, until the context ends.
func (r *recording) obey(ctx context.Context, pub *publisher.Publisher, work *sync.WaitGroup) {
	t, rng := r.truth, rand.New(rand.NewPCG(3, 3))
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for quiet, procs := false, uint64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		heard := uint64(0)
		if s := pub.Stats(); s.SamplesTopics >= samplesTopics && s.SummariesTopics >= 1 {
			heard = 1
		}
		t.heard.Store(heard)
		if n := t.procs.Load(); n != procs {
			procs = n
			runtime.GOMAXPROCS(int(n))
			t.flipped.Inc()
		}
		if t.bursts.Load() > t.bursted.Load() {
			r.burst()
			t.bursted.Inc()
		}
		if t.quiet.Load() != 0 && !quiet {
			quiet = true
			work.Wait()
			r.show(rng)
			t.silent.Store(1)
		}
	}
}

// burst records far faster than anybody drains.
func (r *recording) burst() {
	t := r.rec.With(zibrato.AtLevel(plan[0].level)).NewTimer(plan[0].name)
	e := &r.truth.series[0]
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			e.begun.Add(burstCalls)
			e.begunSum.Add(burstCalls)
			for range burstCalls {
				t.Observe(1)
			}
			e.doneSum.Add(burstCalls)
			e.done.Add(burstCalls)
			r.truth.overflow.Add(burstCalls)
		})
	}
	all.Wait()
}

// show lets gauges and up-down counters say once more where they stand.
func (r *recording) show(rng *rand.Rand) {
	for i, s := range plan {
		if s.kind == metric.Gauge || s.kind == metric.UpDown {
			r.calls[i](1, rng)
		}
	}
}

// sourceName is that of the life-th life of a publisher.
func sourceName(n, life int) string { return fmt.Sprintf("p%d.%d", n, life) }
