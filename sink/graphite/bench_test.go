package graphite_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/graphite"
)

// A window of ten thousand series, half of them timers, to a server that reads and forgets.
func BenchmarkTenThousandSeries(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	const n = 10_000
	w := windowOf()
	for i := range n {
		a := metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: fmt.Sprintf("many.%05d", i), Source: "orders"}, Count: 1, IntSum: 5, Sum: 5}
		if i%2 == 0 {
			a.Kind = metric.Timer
			for v := range 100 {
				a.Detail.Add(float64(v+1) / 1e3)
			}
			a.Count, a.Sum, a.IntSum = 100, 5.05, 5_050_000_000
		}
		w.Series = append(w.Series, a)
	}
	s, err := graphite.New(graphite.Config{Addr: l.Addr().String()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(b.Context())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Write(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/1e6, "MB-kept") // what the sink holds between windows
	runtime.KeepAlive(w)
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "series/s")
}
