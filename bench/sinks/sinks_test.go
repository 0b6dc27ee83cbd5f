package sinks

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/graphite"
	"github.com/zibrato/zibrato/sink/logfile"
	"github.com/zibrato/zibrato/sink/otlp"
	"github.com/zibrato/zibrato/sink/prometheus"
	"github.com/zibrato/zibrato/sink/statsd"
)

// A trial is a sink before its receiver.
type trial struct {
	name string
	make func(testing.TB) (sink backend.Sink, arrived func() int64)
	// whole returns how many bytes a window is, where some of it may not arrive.
	whole func(testing.TB, *metric.Window) int64
}

// trials are the sinks, each as it is by default, and in what changes its price.
var trials = []trial{
	{name: "sink=graphite", make: func(tb testing.TB) (backend.Sink, func() int64) {
		r := stream(tb)
		s, err := graphite.New(graphite.Config{Addr: r.addr})
		return must(tb, s, err), r.bytes.Load
	}},
	{name: "sink=statsd/network=tcp", make: func(tb testing.TB) (backend.Sink, func() int64) {
		r := stream(tb)
		s, err := statsd.New(statsd.Config{Network: "tcp", Addr: r.addr})
		return must(tb, s, err), r.bytes.Load
	}},
	udpTrial("sink=statsd/network=udp", statsd.Config{Rate: -1}),
	udpTrial("sink=statsd/network=udp/tags=dogstatsd", statsd.Config{Rate: -1, Tags: statsd.DogStatsD}),
	otlpTrial("sink=otlp", otlp.Config{}),
	otlpTrial("sink=otlp/gzip=on", otlp.Config{Gzip: true}),
	otlpTrial("sink=otlp/temporality=delta", otlp.Config{Temporality: otlp.Delta}),
	{name: "sink=prometheus", make: func(tb testing.TB) (backend.Sink, func() int64) {
		s, err := prometheus.New(prometheus.Config{})
		return must(tb, s, err), nil
	}},
	{name: "sink=librato", make: func(tb testing.TB) (backend.Sink, func() int64) {
		r := web(tb, http.StatusAccepted)
		return librato.New(librato.Config{User: "me@example.org", Token: "token", URL: r.addr}), r.bytes.Load
	}},
	{name: "sink=logfile", make: func(tb testing.TB) (backend.Sink, func() int64) {
		f := newFile(tb)
		s, err := logfile.New(logfile.Config{Path: f.path, MaxBytes: -1})
		return must(tb, s, err), f.size
	}},
}

func otlpTrial(name string, cfg otlp.Config) trial {
	return trial{name: name, make: func(tb testing.TB) (backend.Sink, func() int64) {
		r := web(tb, http.StatusOK)
		cfg.URL = r.addr + "/v1/metrics"
		return otlp.New(cfg), r.bytes.Load
	}}
}

// udpTrial sends as fast as it can. What a window is, it finds with a Unix socket, on which the sender waits for the receiver.
func udpTrial(name string, cfg statsd.Config) trial {
	return trial{
		name: name,
		make: func(tb testing.TB) (backend.Sink, func() int64) {
			cfg := cfg
			r := datagrams(tb, "udp", "127.0.0.1:0")
			cfg.Addr = r.addr
			s, err := statsd.New(cfg)
			return must(tb, s, err), r.bytes.Load
		},
		whole: func(tb testing.TB, w *metric.Window) int64 {
			cfg := cfg
			dir, err := os.MkdirTemp("", "sinks") // a test's own directory makes a name too long for a socket
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() { os.RemoveAll(dir) })
			r := datagrams(tb, "unixgram", filepath.Join(dir, "socket"))
			cfg.Network, cfg.Addr, cfg.Packet = "unixgram", r.addr, statsd.DefaultPacket
			s, err := statsd.New(cfg)
			if err := must(tb, s, err).Write(tb.Context(), w); err != nil {
				tb.Fatal(err)
			}
			return settled(r.bytes.Load)
		},
	}
}

// settled waits until a count has stood still for a while, and returns it.
func settled(count func() int64) int64 {
	was := count()
	for {
		time.Sleep(200 * time.Millisecond)
		now := count()
		if now == was {
			return now
		}
		was = now
	}
}

func must[S backend.Sink](tb testing.TB, s S, err error) backend.Sink {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close(tb.Context()) })
	return s
}

func BenchmarkWindow(b *testing.B) {
	const n = 10_000
	for _, trial := range trials {
		b.Run(trial.name, func(b *testing.B) {
			w := windowOf(n)
			before := held()
			s, arrived := trial.make(b)
			cpu := measure.CPUTime()
			for b.Loop() {
				if err := s.Write(b.Context(), w); err != nil {
					b.Fatal(err)
				}
				advance(w)
			}
			cpu = measure.CPUTime() - cpu
			windows := float64(b.N)
			b.ReportMetric(n*windows/b.Elapsed().Seconds(), "series/s")
			b.ReportMetric(float64(cpu)/windows/n, "cpu-ns/series")
			b.ReportMetric((held()-before)/n, "held-B/series")
			if arrived != nil {
				b.ReportMetric(float64(settled(arrived))/windows/n, "B/series")
			}
			if trial.whole != nil {
				b.ReportMetric(100*(1-float64(arrived())/windows/float64(trial.whole(b, w))), "lost-%")
			}
			runtime.KeepAlive(s)
			runtime.KeepAlive(w)
		})
	}
}

// held is the memory that is in use.
func held() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// A sink of which nothing arrives would be a cheap one.
func TestSomethingArrivesOfEachSink(t *testing.T) {
	for _, trial := range trials {
		t.Run(trial.name, func(t *testing.T) {
			s, arrived := trial.make(t)
			w := windowOf(20)
			if err := s.Write(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			if arrived == nil {
				if page := scrape(s.(http.Handler), forms[0]); !strings.Contains(string(page), fmt.Sprintf("many_0000_seconds_count{level=\"info\",shard=\"0\",source=\"bench\"} %d", calls)) {
					t.Errorf("the page is %s", page)
				}
				return
			}
			const least = 20 * 20 // bytes: no series comes with fewer
			for limit := time.Now().Add(time.Minute); arrived() < least; time.Sleep(time.Millisecond) {
				if time.Now().After(limit) {
					t.Fatalf("%d bytes arrived", arrived())
				}
			}
		})
	}
}
