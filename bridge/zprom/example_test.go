package zprom_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/bridge/zprom"
	"github.com/zibrato/zibrato/metric"
)

// stdout is a sink that prints what this example wants to see.
type stdout struct{}

func (stdout) Write(_ context.Context, w *metric.Window) error {
	for _, s := range w.Series {
		switch s.Name {
		case "http_requests":
			fmt.Println(s.Kind, s.Name, s.Tag("code"), s.IntSum)
		case "http_request_duration_seconds":
			fmt.Printf("%v %s: %d in %.2f s, at most about %.2f s\n", s.Kind, s.Name, s.Count, s.Sum, s.Detail.Max)
		}
	}
	return nil
}

func (stdout) Close(context.Context) error { return nil }

// A whole program: metrics of client_golang, and a backend within the process.
func Example() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests that were served."}, []string{"code"})
	duration := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "http_request_duration_seconds", NativeHistogramBucketFactor: 1.1})
	registry := prometheus.NewRegistry() // or the default one, which the zero Config takes
	registry.MustRegister(requests, duration)

	rec := zibrato.New(zibrato.Config{}) // a program would take the default recorder
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{stdout{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close() // flushes

	bridge, err := zprom.Start(zprom.Config{From: registry, Scope: rec.With()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bridge.Close() // gathers a last time

	for i := range 10 {
		requests.WithLabelValues([]string{"200", "500"}[i/8]).Inc()
		duration.Observe(0.25)
	}
	// Output:
	// timer http_request_duration_seconds: 10 in 2.50 s, at most about 0.24 s
	// counter http_requests 200 8
	// counter http_requests 500 2
}

func ExampleStart() {
	_, err := zprom.Start(zprom.Config{Every: time.Millisecond})
	fmt.Println(err)
	// Output: zprom: Config.Every 1ms: want at least 100ms
}

func ExampleConfig() {
	b, err := zprom.Start(zprom.Config{
		Scope:  zibrato.With(zibrato.Tag("library", "legacy"), zibrato.AtLevel(zibrato.LevelDebug)),
		Every:  time.Minute,
		Select: func(family string) bool { return family != "go_gc_gogc_percent" }, // what package zruntime records
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Close())
	// Output: <nil>
}

// A program that ends soon gathers when its work is done.
func ExampleBridge_Gather() {
	registry := prometheus.NewRegistry()
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	b, err := zprom.Start(zprom.Config{From: registry, Scope: rec.With()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err = b.Gather(ctx)
	fmt.Println(err, errors.Is(err, zprom.ErrLate))
	// Output: <nil> false
}
