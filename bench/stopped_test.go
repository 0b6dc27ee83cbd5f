package bench

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/metric"
)

// BenchmarkStopped stops the drain for as long as -benchtime says while every processor records as fast as it can, and fails unless all
// counts and sums come out exact. It tells the rates, and how much of the single samples was lost, and counted.
func BenchmarkStopped(b *testing.B) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	held, release := make(chan struct{}), make(chan struct{})
	var hold sync.Once
	var stopping atomic.Bool
	totals := map[string]metric.Totals{} // owned by the drain, then by the end
	samples := uint64(0)
	tap, err := r.Attach(func(batch *metric.Batch) {
		if stopping.Load() {
			hold.Do(func() { close(held); <-release })
		}
		for _, e := range batch.Entries {
			totals[e.Series.Name] = e.After
		}
		for _, s := range batch.Samples {
			if batch.Entries[s.Entry].Series.Name == "bench.stopped.timer" {
				samples++
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	tap.Watch(func(metric.Level) bool { return true }, nil)
	timer, counter := r.NewTimer("bench.stopped.timer"), r.NewCounter("bench.stopped.counter")
	var recorded, sum atomic.Int64
	var took time.Duration
	harness.Once(b, func() {
		stopping.Store(true)
		r.Inc("bench.stopped.wake")
		<-held
		begun := time.Now()
		harness.Saturate(runtime.GOMAXPROCS(0), harness.Time(), func(n int) {
			added := int64(0)
			for i := range int64(n) {
				timer.Observe(time.Duration(i & 1023))
				counter.Add(i & 7)
				added += i & 7
			}
			recorded.Add(int64(n))
			sum.Add(added)
		})
		took = time.Since(begun)
		close(release)
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := tap.Close(ctx); err != nil { // after a final batch of all totals
		b.Fatal(err)
	}
	calls := recorded.Load()
	c, t := totals["bench.stopped.counter"], totals["bench.stopped.timer"]
	if int64(c.Count) != calls || c.Sum.Int() != sum.Load() || int64(t.Count) != calls {
		b.Fatalf("the counter has %d calls and sum %d, the timer %d calls; recorded were %d calls, and sum %d", c.Count, c.Sum.Int(), t.Count, calls, sum.Load())
	}
	b.ReportMetric(2*float64(calls)/took.Seconds()/1e6, "M-calls/s")
	b.ReportMetric(100*(1-float64(samples)/float64(calls)), "lost-%")
	b.ReportMetric(0, "wrong")
	b.ReportMetric(0, "ns/op")
}
