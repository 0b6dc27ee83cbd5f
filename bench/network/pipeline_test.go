//go:build cgo

package network

import (
	"context"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// counting is a source that counts what passes through it.
type counting struct {
	backend.Source
	came atomic.Int64
}

func (c *counting) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	return c.Source.Receive(ctx, func(b *metric.Batch) {
		deliver(b)
		for i := range b.Samples {
			if harness.HasDetail(b.Entries[b.Samples[i].Entry].Series) {
				c.came.Inc()
			}
		}
	})
}

type discard struct{}

func (discard) Write(context.Context, *metric.Window) error { return nil }
func (discard) Close(context.Context) error                 { return nil }

// BenchmarkPipelineNetwork measures records per second from the ring through publisher, forwarder (tcp on loopback) and subscriber, to
// a counter (to=socket) and into the windows of a backend (to=window). All run in this process. One iteration records 20,000 samples
// and waits until they came.
func BenchmarkPipelineNetwork(b *testing.B) {
	b.Run("to=socket", func(b *testing.B) {
		network(b, func(c *counting) (stop func()) {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				if err := c.Receive(ctx, func(*metric.Batch) {}); err != nil {
					b.Error(err)
				}
			}()
			return func() { cancel(); <-done; c.Close() }
		})
	})
	b.Run("to=window", func(b *testing.B) {
		network(b, func(c *counting) (stop func()) {
			back, err := backend.Start(backend.Config{From: c, Sinks: []backend.Sink{discard{}}})
			if err != nil {
				b.Fatal(err)
			}
			return func() {
				if err := back.Close(); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func network(b *testing.B, receive func(*counting) (stop func())) {
	const series, records = 100, 20_000
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		b.Fatal(err)
	}
	defer fwd.Close()
	sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Levels: metric.Levels{metric.Info}})
	if err != nil {
		b.Fatal(err)
	}
	c := &counting{Source: sub}
	defer receive(c)()

	rec := zibrato.New(zibrato.Config{Latency: time.Millisecond})
	defer rec.Close()
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: fwd.InAddr()})
	if err != nil {
		b.Fatal(err)
	}
	defer pub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := pub.WaitSubscriber(ctx, metric.Info); err != nil {
		b.Fatal(err)
	}
	timers := harness.Timers(rec, series)
	sent := int64(0)
	for b.Loop() {
		for i := range records {
			timers[i%series].Observe(time.Duration(i))
		}
		sent += records
		if err := pub.Flush(ctx); err != nil {
			b.Fatal(err)
		}
		for c.came.Load() < sent {
			if ctx.Err() != nil {
				b.Fatalf("%d of %d samples came", c.came.Load(), sent)
			}
			time.Sleep(20 * time.Microsecond)
		}
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(sent), "ns/record")
}
