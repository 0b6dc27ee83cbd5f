package prometheus_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

// mixed is a window of ten thousand series, half of them timers with a thousand calls within a factor of ten or so.
func mixed() *metric.Window {
	const series = 10_000
	var all []metric.Aggregate
	values := make([]float64, 1000)
	for i := range series {
		kind, n := metric.Counter, 1
		if i%2 == 0 {
			kind, n = metric.Timer, len(values)
		}
		for j := range n {
			values[j] = 1e6 * (1 + 9*rand.Float64())
		}
		all = append(all, aggregate(seriesOf(kind, fmt.Sprintf("many.%03d", i%100), "shard", fmt.Sprint(i)), values[:n]...))
	}
	return nth(0, all...)
}

// next makes the window another one.
func next(w *metric.Window) {
	w.Start, w.End = w.Start.Add(w.Interval), w.End.Add(w.Interval)
}

func BenchmarkWrite(b *testing.B) {
	s, err := prometheus.New(prometheus.Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := mixed()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := s.Write(b.Context(), w); err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	for b.Loop() {
		next(w)
		if err := s.Write(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(w.Series))*float64(b.N)/b.Elapsed().Seconds(), "series/s")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(w.Series)), "B/series")
}

// void is a client that reads as fast as it is written to.
type void struct {
	h http.Header
	n int
}

func (v *void) Header() http.Header                { return v.h }
func (v *void) WriteHeader(int)                    {}
func (v *void) Write(b []byte) (int, error)        { v.n += len(b); return len(b), nil }
func (v *void) SetWriteDeadline(t time.Time) error { return nil }

func BenchmarkScrape(b *testing.B) {
	s, err := prometheus.New(prometheus.Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := mixed()
	if err := s.Write(b.Context(), w); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, accept, coding string }{
		{"text", acceptText, ""}, {"text,gzip", acceptText, "gzip"}, {"openmetrics", acceptOpen, ""}, {"protobuf", acceptProto, ""}, {"protobuf,gzip", acceptProto, "gzip"},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.Header.Set("Accept", c.accept)
			r.Header.Set("Accept-Encoding", c.coding)
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				v := &void{h: http.Header{}}
				s.ServeHTTP(v, r)
				size = v.n
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
