package peers

import (
	"io"
	"testing"
	"time"

	hashi "github.com/hashicorp/go-metrics"
	coda "github.com/rcrowley/go-metrics"
	"github.com/uber-go/tally/v4"
)

// https://github.com/hashicorp/go-metrics: "defer metrics.MeasureSince([]string{"SlowMethod"}, time.Now())", with the in-memory sink of its example.
func hashicorp(tb testing.TB) jobs {
	sink := hashi.NewInmemSink(10*time.Second, time.Minute)
	config := hashi.DefaultConfig("peers")
	config.EnableHostname = false
	config.EnableRuntimeMetrics = false // a goroutine that cannot be stopped, and measures something else
	m, err := hashi.New(config, sink)
	must(tb, err)
	tb.Cleanup(m.Shutdown)
	return jobs{
		timer: func(n int) {
			for range n {
				hashicorpTimer(m)
			}
		},
		labels: func(n int) {
			for range n {
				hashicorpLabels(m)
			}
		},
		named: func(n int) {
			for range n {
				m.IncrCounter([]string{"jobs"}, 1)
			}
		},
		gauge: func(n int) {
			for i := range n {
				m.SetGauge([]string{"queue", "depth"}, float32(i))
			}
		},
		call: func() { defer m.MeasureSince([]string{"request"}, time.Now()) },
		block: func(steps int) {
			defer m.MeasureSince([]string{"request"}, time.Now())
			spin(steps)
		},
		seen: func() (count int, nanos float64) {
			for _, interval := range sink.Data() {
				for _, s := range interval.Samples {
					count += s.Count
					nanos += s.Sum * 1e6 // milliseconds
				}
			}
			return count, nanos
		},
	}
}

func hashicorpTimer(m *hashi.Metrics) { defer m.MeasureSince([]string{"request"}, time.Now()) }

func hashicorpLabels(m *hashi.Metrics) {
	defer m.MeasureSinceWithLabels([]string{"labelled"}, time.Now(), []hashi.Label{{Name: "method", Value: "GET"}, {Name: "code", Value: "200"}})
}

// https://github.com/rcrowley/go-metrics: "metrics.GetOrRegisterTimer(…)", Update and UpdateSince. Archived in 2025, and widely used.
func rcrowley(tb testing.TB) jobs {
	r := coda.NewRegistry()
	timer := coda.GetOrRegisterTimer("request", r)
	tb.Cleanup(timer.Stop)
	counter := coda.GetOrRegisterCounter("jobs", r)
	gauge := coda.GetOrRegisterGaugeFloat64("queue.depth", r)
	return jobs{
		timer: func(n int) {
			for range n {
				rcrowleyTimer(timer)
			}
		},
		counter: func(n int) {
			for range n {
				counter.Inc(1)
			}
		},
		named: func(n int) {
			for range n {
				coda.GetOrRegisterCounter("jobs", r).Inc(1)
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Update(float64(i))
			}
		},
		call: func() { defer timer.UpdateSince(time.Now()) },
		block: func(steps int) {
			defer timer.UpdateSince(time.Now())
			spin(steps)
		},
		// Its sum is that of a sample of 1,028 values.
		seen: func() (int, float64) { return int(timer.Count()), timer.Mean() * float64(timer.Count()) },
	}
}

func rcrowleyTimer(t coda.Timer) { defer t.UpdateSince(time.Now()) }

// https://github.com/uber-go/tally: a root scope that reports each second. Its timers report each call at once and leave the rest to the reporter, so
// the duration histogram, which aggregates here, is the like of the others' timers.
func uberTally(tb testing.TB) jobs {
	reporter := &tallyReporter{}
	scope, closer := tally.NewRootScope(tally.ScopeOptions{Prefix: "peers", Reporter: reporter}, time.Second)
	closed := false
	end := func(c io.Closer) {
		if !closed {
			closed = true
			must(tb, c.Close())
		}
	}
	tb.Cleanup(func() { end(closer) })
	histogram := scope.Histogram("request", tally.DefaultBuckets)
	counter := scope.Counter("jobs")
	gauge := scope.Gauge("queue_depth")
	return jobs{
		timer: func(n int) {
			for range n {
				tallyTimer(histogram)
			}
		},
		labels: func(n int) {
			for range n {
				tallyLabels(scope)
			}
		},
		counter: func(n int) {
			for range n {
				counter.Inc(1)
			}
		},
		named: func(n int) {
			for range n {
				scope.Counter("named").Inc(1)
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Update(float64(i))
			}
		},
		call: func() { defer histogram.Start().Stop() },
		block: func(steps int) {
			defer histogram.Start().Stop()
			spin(steps)
		},
		seen: func() (int, float64) {
			end(closer) // reports
			return reporter.durations, 0
		},
	}
}

func tallyTimer(h tally.Histogram) { defer h.Start().Stop() }

func tallyLabels(s tally.Scope) {
	defer s.Tagged(map[string]string{"method": "GET", "code": "200"}).Histogram("labelled", tally.DefaultBuckets).Start().Stop()
}

// tallyReporter counts what is reported; one goroutine at a time calls it.
type tallyReporter struct{ durations int }

func (r *tallyReporter) Capabilities() tally.Capabilities                     { return r }
func (r *tallyReporter) Reporting() bool                                      { return true }
func (r *tallyReporter) Tagging() bool                                        { return true }
func (r *tallyReporter) Flush()                                               {}
func (r *tallyReporter) ReportCounter(string, map[string]string, int64)       {}
func (r *tallyReporter) ReportGauge(string, map[string]string, float64)       {}
func (r *tallyReporter) ReportTimer(string, map[string]string, time.Duration) {}
func (r *tallyReporter) ReportHistogramValueSamples(string, map[string]string, tally.Buckets, float64, float64, int64) {
}

func (r *tallyReporter) ReportHistogramDurationSamples(name string, _ map[string]string, _ tally.Buckets, _, _ time.Duration, n int64) {
	if name == "peers.request" {
		r.durations += int(n)
	}
}
