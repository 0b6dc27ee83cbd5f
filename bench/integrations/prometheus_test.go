package integrations

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/bridge/zprom"
)

// gatherings gather some 300 series of a registry whose counters and histograms move in between, once: to record them, and to answer a scrape, without a network. Bare is
// the registry's own part.
func gatherings(tb testing.TB) []rival {
	reg := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"route", "code"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "duration_seconds", Help: "Duration."}, []string{"route"})
	native := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "native_seconds", Help: "Duration.", NativeHistogramBucketFactor: 1.1}, []string{"route"})
	reg.MustRegister(collectors.NewGoCollector(), requests, duration, native)
	var moves []func()
	for i := range 40 {
		route := "/" + strconv.Itoa(i)
		for _, code := range []string{"200", "404", "500"} {
			moves = append(moves, requests.WithLabelValues(route, code).Inc)
		}
		d, n := duration.WithLabelValues(route), native.WithLabelValues(route)
		moves = append(moves, func() { d.Observe(float64(i) / 100); n.Observe(float64(i) / 100) })
	}
	move := func() {
		for _, f := range moves {
			f()
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	bridge, err := zprom.Start(zprom.Config{From: reg, Scope: rec.With(), Every: time.Hour})
	must(tb, err)
	tb.Cleanup(func() { bridge.Close() })
	scrape := promhttp.HandlerFor(reg, promhttp.HandlerOpts{DisableCompression: true})
	w := &writer{http.Header{}}
	r := http.Request{Method: "GET", URL: &url.URL{Path: "/metrics"}, Header: http.Header{}}
	each := func(f func()) func(int) {
		return func(n int) {
			for range n {
				move()
				f()
			}
		}
	}
	return []rival{
		{name: bare, run: each(func() {
			_, err := reg.Gather()
			must(tb, err)
		})},
		{name: ours, run: each(func() { must(tb, bridge.Gather(tb.Context())) }), ready: c.Flush},
		{name: "promhttp", run: each(func() { scrape.ServeHTTP(w, &r) })},
	}
}

// BenchmarkGather gathers what a registry of client_golang holds.
func BenchmarkGather(b *testing.B) { against(b, gatherings(b)) }
