package peers

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// https://pkg.go.dev/github.com/prometheus/client_golang/prometheus#Timer: "defer timer.ObserveDuration()" on a NewTimer of a histogram.

func prometheusClassic(tb testing.TB) jobs {
	return prometheusJobs(tb, prometheus.HistogramOpts{Name: "request_duration_seconds", Help: "Time taken.", Buckets: prometheus.DefBuckets})
}

// A native histogram alone, with the growth factor that the documentation calls a reasonable choice.
func prometheusNative(tb testing.TB) jobs {
	j := prometheusJobs(tb, prometheus.HistogramOpts{
		Name: "request_duration_seconds", Help: "Time taken.", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160,
	})
	j.counter, j.named, j.gauge = nil, nil, nil // as the classic one's
	return j
}

func prometheusJobs(tb testing.TB, opts prometheus.HistogramOpts) jobs {
	reg := prometheus.NewRegistry()
	histogram := prometheus.NewHistogram(opts)
	opts.Name = "vec_" + opts.Name
	vec := prometheus.NewHistogramVec(opts, []string{"method", "code"})
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_total", Help: "Jobs done."})
	counters := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "named_total", Help: "Jobs done."}, []string{"name"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "queue_depth", Help: "Jobs that wait."})
	reg.MustRegister(histogram, vec, counter, counters, gauge)
	return jobs{
		timer: func(n int) {
			for range n {
				prometheusTimer(histogram)
			}
		},
		labels: func(n int) {
			for range n {
				prometheusVec(vec)
			}
		},
		counter: func(n int) {
			for range n {
				counter.Inc()
			}
		},
		named: func(n int) {
			for range n {
				counters.WithLabelValues("jobs").Inc()
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Set(float64(i))
			}
		},
		call: func() { defer prometheus.NewTimer(histogram).ObserveDuration() },
		block: func(steps int) {
			defer prometheus.NewTimer(histogram).ObserveDuration()
			spin(steps)
		},
		seen: func() (int, float64) {
			var m dto.Metric
			if err := histogram.Write(&m); err != nil {
				tb.Fatal(err)
			}
			return int(m.Histogram.GetSampleCount()), m.Histogram.GetSampleSum() * 1e9
		},
	}
}

func prometheusTimer(o prometheus.Observer) { defer prometheus.NewTimer(o).ObserveDuration() }

func prometheusVec(v *prometheus.HistogramVec) {
	defer prometheus.NewTimer(v.WithLabelValues("GET", "200")).ObserveDuration()
}
