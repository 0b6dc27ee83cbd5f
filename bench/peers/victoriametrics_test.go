package peers

import (
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// https://github.com/VictoriaMetrics/metrics: "startTime := time.Now() … UpdateDuration(startTime)"; GetOrCreate where others have vectors, with
// the labels in the name.
func victoriaMetrics(tb testing.TB) jobs {
	set := metrics.NewSet()
	histogram := set.NewHistogram(`request_duration_seconds{path="/foo"}`)
	counter := set.NewCounter("jobs_total")
	gauge := set.NewGauge("queue_depth", nil)
	return jobs{
		timer: func(n int) {
			for range n {
				victoriaTimer(histogram)
			}
		},
		labels: func(n int) {
			for range n {
				victoriaLabels(set)
			}
		},
		counter: func(n int) {
			for range n {
				counter.Inc()
			}
		},
		named: func(n int) {
			for range n {
				set.GetOrCreateCounter("named_total").Inc()
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Set(float64(i))
			}
		},
		call: func() { defer histogram.UpdateDuration(time.Now()) },
		block: func(steps int) {
			defer histogram.UpdateDuration(time.Now())
			spin(steps)
		},
		seen: func() (count int, nanos float64) {
			histogram.VisitNonZeroBuckets(func(_ string, n uint64) { count += int(n) })
			return count, exposed(tb, set, `request_duration_seconds_sum{path="/foo"}`) * 1e9
		},
	}
}

func victoriaTimer(h *metrics.Histogram) { defer h.UpdateDuration(time.Now()) }

func victoriaLabels(s *metrics.Set) {
	defer s.GetOrCreateHistogram(`labelled_seconds{method="GET",code="200"}`).UpdateDuration(time.Now())
}
