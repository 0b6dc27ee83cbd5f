//go:build cgo

package network

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// BenchmarkWatch measures what somebody waits who wants to see debug: from the start of a subscriber, its connection included, until it has a debug sample
// of each of three publishers. They have a recorder, a ring and a connection each, and call a debug timer every 200 µs. Before each iteration their level is off.
// It reports how long the level takes to go off, too, after the subscriber has gone.
func BenchmarkWatch(b *testing.B) {
	const publishers, pause = 3, 200 * time.Microsecond
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	fatalIf(b, err)
	defer fwd.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*harness.Time()+time.Minute)
	defer cancel()

	var calling sync.WaitGroup
	defer calling.Wait()
	stop := make(chan struct{})
	defer close(stop)
	var scopes []*zibrato.Scope
	for range publishers {
		r := zibrato.New(zibrato.Config{})
		pub, err := publisher.Start(publisher.Config{Recorder: r, Endpoint: fwd.InAddr()})
		fatalIf(b, err)
		defer func() { fatalIf(b, pub.Close(), r.Close()) }()
		scope := r.Scope.With(zibrato.AtLevel(zibrato.LevelDebug))
		scopes = append(scopes, scope)
		timer := scope.NewTimer("bench.watch")
		calling.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(pause):
					timeDeferred(timer)
				}
			}
		})
	}
	always, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Levels: metric.Levels{metric.Info}, Detail: subscriber.Summaries})
	fatalIf(b, err)
	defer always.Close()
	go always.Receive(ctx, func(*metric.Batch) {}) // until it is closed
	for _, s := range scopes {
		fatalIf(b, until(ctx, func() bool { return !s.Watched() }))
	}

	var on, off []time.Duration
	for b.Loop() {
		b.StopTimer()
		time.Sleep(300 * time.Millisecond) // until they have nothing to do any more, and do not look for anything soon
		b.StartTimer()
		begun := time.Now()
		sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Levels: metric.Levels{metric.Debug}})
		fatalIf(b, err)
		seen := map[metric.RecorderID]bool{}
		receiving, enough := context.WithCancel(ctx)
		err = sub.Receive(receiving, func(batch *metric.Batch) {
			for i := range batch.Samples {
				if batch.Entries[batch.Samples[i].Entry].Series.Name == "bench.watch" {
					seen[batch.Process.Recorder] = true
				}
			}
			if len(seen) == publishers {
				enough()
			}
		})
		fatalIf(b, err, ctx.Err())
		on = append(on, time.Since(begun))
		left := time.Now()
		fatalIf(b, sub.Close())
		for _, s := range scopes {
			fatalIf(b, until(ctx, func() bool { return !s.Watched() }))
		}
		off = append(off, time.Since(left))
	}
	report(b, "on", on)
	report(b, "off", off)
}

func report(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	for _, q := range []struct {
		name string
		of   float64
	}{{"median", 0.5}, {"p99", 0.99}, {"max", 1}} {
		b.ReportMetric(took[min(int(q.of*float64(len(took))), len(took)-1)].Seconds()*1e3, what+"-"+q.name+"-ms")
	}
}

// until waits for a condition, which it looks at every 100 µs.
func until(ctx context.Context, condition func() bool) error {
	for !condition() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Microsecond)
	}
	return nil
}
