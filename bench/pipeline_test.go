package bench

import (
	"context"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/metric"
)

// BenchmarkPipelineDrain measures records per second from the ring through the drain to a consumer that counts them. One iteration records
// and flushes 100,000 samples of 100 series; the time that recording takes is in it.
func BenchmarkPipelineDrain(b *testing.B) {
	const series, records = 100, 100_000
	r := zibrato.New(zibrato.Config{})
	came := 0
	tap, err := r.Attach(func(batch *metric.Batch) {
		for i := range batch.Samples {
			if harness.HasDetail(batch.Entries[batch.Samples[i].Entry].Series) {
				came++
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	defer tap.Close(context.Background())
	tap.Watch(func(l zibrato.Level) bool { return l == zibrato.LevelInfo }, nil)
	timers := harness.Timers(r, series)
	want := 0
	for b.Loop() {
		for i := range records {
			timers[i%series].Observe(time.Duration(i))
		}
		want += records
		if err := tap.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if came != want {
		b.Errorf("%d samples came, want %d", came, want)
	}
	b.ReportMetric(float64(want)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(want), "ns/record")
}
