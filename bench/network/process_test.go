//go:build cgo

package network

import (
	"context"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// BenchmarkProcess measures the processor time of a process that publishes, ZeroMQ's own threads included, per sample of a timer at a million a second,
// and while nothing is recorded. The latter comes first: for a minute after a load its totals are repeated, every second at first. Forwarder and subscriber, which wants summaries, are another process.
func BenchmarkProcess(b *testing.B) {
	r := zibrato.New(zibrato.Config{})
	in, _ := startPeer(b)
	pub, err := publisher.Start(publisher.Config{Recorder: r, Endpoint: in})
	fatalIf(b, err)
	b.Cleanup(func() { fatalIf(b, pub.Close(), r.Close()) })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	fatalIf(b, pub.WaitSubscriber(ctx, metric.Info))
	timer := r.NewTimer("bench.process")
	b.Run("rate=0", func(b *testing.B) { harness.IdleCPU(b, 2*harness.Time()) })
	b.Run("rate=1M", func(b *testing.B) {
		harness.CPUPerSample(b, func(n int) {
			for range n {
				timeDeferred(timer)
			}
		}, func() { fatalIf(b, pub.Flush(context.Background())) })
	})
}

func timeDeferred(t *zibrato.Timer) { defer t.Start().Stop() }
