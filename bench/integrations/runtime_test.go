package integrations

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	goruntime "go.opentelemetry.io/contrib/instrumentation/runtime"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zruntime"
)

// readings read what the runtime and the process do, once. OpenTelemetry's package knows the runtime only: eight of its numbers and one histogram.
func readings(tb testing.TB) []rival {
	ctx := context.Background()
	always := goruntime.WithMinimumReadMemStatsInterval(1) // otherwise it reads every 15 s, and repeats what it read
	reader := sdk.NewManualReader(sdk.WithProducer(goruntime.NewProducer(always.(goruntime.ProducerOption))))
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	tb.Cleanup(func() { must(tb, provider.Shutdown(ctx)) })
	must(tb, goruntime.Start(goruntime.WithMeterProvider(provider), always))

	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	own, err := zruntime.Start(zruntime.Config{Scope: rec.With(), Every: time.Hour})
	must(tb, err)
	tb.Cleanup(func() { own.Close() })
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return []rival{
		{name: bare, run: func(int) {}},
		{name: ours, run: func(n int) {
			for range n {
				own.Read()
			}
		}, ready: c.Flush},
		{name: "client_golang", run: func(n int) {
			for range n {
				_, err := reg.Gather()
				must(tb, err)
			}
		}},
		{name: "otel-runtime", run: func(n int) {
			var all metricdata.ResourceMetrics
			for range n {
				must(tb, reader.Collect(ctx, &all))
			}
		}},
	}
}

// BenchmarkRuntime reads all that is known of the runtime and the process.
func BenchmarkRuntime(b *testing.B) { against(b, readings(b)) }
