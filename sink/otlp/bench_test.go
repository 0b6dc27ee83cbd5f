package otlp_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/otlp"
)

// BenchmarkWrite writes windows of 10,000 series, a third of them timers of 100 calls, to a receiver that reads and takes all. It reports series per second,
// the processor time and the bytes on the way that a series takes, and the memory that the sink has come to hold for it.
func BenchmarkWrite(b *testing.B) {
	for _, kind := range []struct {
		name string
		cfg  otlp.Config
	}{
		{"cumulative", otlp.Config{}}, {"delta", otlp.Config{Temporality: otlp.Delta}}, {"gzip", otlp.Config{Gzip: true}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			network := &counting{}
			cfg := kind.cfg
			cfg.URL, cfg.Client = "http://localhost/v1/metrics", &http.Client{Transport: network}
			random := rand.New(rand.NewPCG(1, 1))
			var series []metric.Aggregate
			for i := range 10_000 {
				name, tag := fmt.Sprintf("bench.%04d", i/10), metric.Tag{Key: "shard", Value: fmt.Sprint(i % 10)}
				switch i % 3 {
				case 0:
					calls := make([]int64, 100)
					for j := range calls {
						calls[j] = int64(1e6 + random.ExpFloat64()*1e7)
					}
					a := timer(name, calls...)
					a.Series.Tags = []metric.Tag{tag}
					series = append(series, a)
				case 1:
					series = append(series, counter(name, 5, tag))
				default:
					a := value(metric.Gauge, name, random.Float64())
					a.Series.Tags = []metric.Tag{tag}
					series = append(series, a)
				}
			}
			w := nth(0, series...)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			s := otlp.New(cfg)
			defer s.Close(context.Background())
			cpu := measure.CPUTime()
			for b.Loop() {
				if err := s.Write(context.Background(), w); err != nil {
					b.Fatal(err)
				}
				w.Start, w.End = w.End, w.End.Add(w.Interval)
			}
			cpu = measure.CPUTime() - cpu
			runtime.GC()
			runtime.ReadMemStats(&after)
			n := float64(len(series))
			b.ReportMetric(float64(cpu)/float64(b.N)/n, "cpu-ns/series")
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "series/s")
			b.ReportMetric(float64(network.bytes)/float64(b.N)/n, "wire-B/series")
			b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/n, "held-B/series")
			runtime.KeepAlive(s)
			runtime.KeepAlive(w)
		})
	}
}

// counting is a network on which a receiver reads and takes all.
type counting struct{ bytes int64 }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	c.bytes += n
	r.Body.Close()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, err
}
