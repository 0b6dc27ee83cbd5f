package peers

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// https://pkg.go.dev/go.opentelemetry.io/otel/metric, "Avoiding Expensive Computations": an attribute.Set built beforehand and passed by
// WithAttributeSet. The option is built beforehand, too, which is cheaper than the example there. A histogram of seconds with the buckets that the
// SDK has by default, and a reader that is there but does not read meanwhile.
func openTelemetry(tb testing.TB) jobs {
	ctx := context.Background()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	tb.Cleanup(func() { must(tb, provider.Shutdown(ctx)) })
	meter := provider.Meter("peers")
	histogram, err1 := meter.Float64Histogram("request.duration", metric.WithUnit("s"))
	counter, err2 := meter.Int64Counter("jobs")
	gauge, err3 := meter.Float64Gauge("queue.depth")
	off, err4 := noop.NewMeterProvider().Meter("peers").Float64Histogram("request.duration", metric.WithUnit("s"))
	must(tb, err1, err2, err3, err4)
	set := metric.WithAttributeSet(attribute.NewSet(attribute.String("method", "GET"), attribute.String("code", "200")))
	record, add := []metric.RecordOption{set}, []metric.AddOption{set}
	timed := func(begun time.Time) { histogram.Record(ctx, time.Since(begun).Seconds(), record...) }
	return jobs{
		timer: func(n int) {
			for range n {
				otelTimer(ctx, histogram, record)
			}
		},
		labels: func(n int) {
			for range n {
				otelAttributes(ctx, histogram)
			}
		},
		counter: func(n int) {
			for range n {
				counter.Add(ctx, 1, add...)
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Record(ctx, float64(i), record...)
			}
		},
		off: func(n int) {
			for range n {
				if off.Enabled(ctx) {
					otelTimer(ctx, off, record)
				}
			}
		},
		call: func() { defer timed(time.Now()) },
		block: func(steps int) {
			defer timed(time.Now())
			spin(steps)
		},
		seen: func() (count int, nanos float64) {
			var all metricdata.ResourceMetrics
			must(tb, reader.Collect(ctx, &all))
			for _, scope := range all.ScopeMetrics {
				for _, m := range scope.Metrics {
					if h, ok := m.Data.(metricdata.Histogram[float64]); ok {
						for _, p := range h.DataPoints {
							count += int(p.Count)
							nanos += p.Sum * 1e9
						}
					}
				}
			}
			return count, nanos
		},
	}
}

func otelTimer(ctx context.Context, h metric.Float64Histogram, opts []metric.RecordOption) {
	defer otelSince(ctx, h, opts, time.Now())
}

func otelSince(ctx context.Context, h metric.Float64Histogram, opts []metric.RecordOption, begun time.Time) {
	h.Record(ctx, time.Since(begun).Seconds(), opts...)
}

func otelAttributes(ctx context.Context, h metric.Float64Histogram) {
	defer func(begun time.Time) {
		h.Record(ctx, time.Since(begun).Seconds(), metric.WithAttributes(attribute.String("method", "GET"), attribute.String("code", "200")))
	}(time.Now())
}
