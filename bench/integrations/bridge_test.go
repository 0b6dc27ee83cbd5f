package integrations

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/bridge/zotel"
)

// known are attributes that were seen before, as a request has them.
var known = []attribute.KeyValue{attribute.String("http.request.method", "GET"), attribute.String("http.route", "/items/{id}"), attribute.Int("http.response.status_code", 200)}

// A call is one way to record with an instrument of the API.
type call func(m metric.Meter) (func(n int), error)

// addMade adds with options that were made before, which is the cheapest way.
func addMade(m metric.Meter) (func(n int), error) {
	ctx, options := context.Background(), []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(known...))}
	c, err := m.Int64Counter("requests")
	return func(n int) {
		for range n {
			c.Add(ctx, 1, options...)
		}
	}, err
}

// addOption adds with an option that was made before.
func addOption(m metric.Meter) (func(n int), error) {
	ctx, option := context.Background(), metric.WithAttributeSet(attribute.NewSet(known...))
	c, err := m.Int64Counter("requests")
	return func(n int) {
		for range n {
			c.Add(ctx, 1, option)
		}
	}, err
}

// addAttributes adds with attributes, as most code does.
func addAttributes(m metric.Meter) (func(n int), error) {
	ctx := context.Background()
	c, err := m.Int64Counter("requests")
	return func(n int) {
		for range n {
			c.Add(ctx, 1, metric.WithAttributes(known...))
		}
	}, err
}

// recordMade records a duration with options that were made before.
func recordMade(m metric.Meter) (func(n int), error) {
	ctx, options := context.Background(), []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(known...))}
	h, err := m.Float64Histogram("request.duration", metric.WithUnit("s"))
	return func(n int) {
		for i := range n {
			h.Record(ctx, float64(i&1023)*1e-4, options...)
		}
	}, err
}

// meterings do the same call with different providers.
func meterings(tb testing.TB, c call) []rival {
	run := func(p metric.MeterProvider) func(n int) {
		f, err := c(p.Meter("bench"))
		must(tb, err)
		return f
	}
	rec := zibrato.New(zibrato.Config{})
	consumer := harness.Consume(tb, rec)
	own, err := zotel.Start(zotel.Config{Scope: rec.With()})
	must(tb, err)
	tb.Cleanup(func() { must(tb, own.Shutdown(context.Background())) })
	theirs := sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))
	tb.Cleanup(func() { must(tb, theirs.Shutdown(context.Background())) })
	return []rival{
		{name: bare, run: run(noop.NewMeterProvider())}, // what the API costs by itself
		{name: ours, run: run(own), ready: consumer.Flush},
		{name: "otel-sdk", run: run(theirs)},
	}
}

// metered measures a call on one goroutine, and on as many as there are processors.
func metered(b *testing.B, c call) {
	for _, w := range harness.Workers {
		b.Run(w.Name, func(b *testing.B) { on(b, w.N, meterings(b, c)) })
	}
}

// A counter adds with attributes that were seen before, and a histogram records a duration: see what each does. What is not measured is the API, with a provider
// that does nothing.
func BenchmarkAddMade(b *testing.B)       { metered(b, addMade) }
func BenchmarkAddOption(b *testing.B)     { metered(b, addOption) }
func BenchmarkAddAttributes(b *testing.B) { metered(b, addAttributes) }
func BenchmarkRecordMade(b *testing.B)    { metered(b, recordMade) }

func TestBothProvidersSeeEveryCall(t *testing.T) {
	for _, c := range []call{addMade, addOption, addAttributes, recordMade} {
		reader := sdk.NewManualReader()
		own, theirs := bridge(t, zotel.Config{}), sdk.NewMeterProvider(sdk.WithReader(reader))
		for _, p := range []metric.MeterProvider{own, theirs} {
			run, err := c(p.Meter("bench"))
			must(t, err)
			run(50)
		}
		agree(t, own.end(), told(t, reader), tolerance)
		must(t, theirs.Shutdown(context.Background()))
	}
}
