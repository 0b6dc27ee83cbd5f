package integrations

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// meters returns a provider with a reader that is there but does not read meanwhile, and what counts the records of a histogram that have an
// attribute; "": all.
func meters(tb testing.TB) (metric.MeterProvider, func(name, attribute string) func() int) {
	ctx := context.Background()
	encoder := attribute.DefaultEncoder()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	tb.Cleanup(func() { must(tb, provider.Shutdown(ctx)) })
	return provider, func(name, with string) func() int {
		return func() (n int) {
			var all metricdata.ResourceMetrics
			must(tb, reader.Collect(ctx, &all))
			for _, scope := range all.ScopeMetrics {
				for _, m := range scope.Metrics {
					if h, ok := m.Data.(metricdata.Histogram[float64]); ok && m.Name == name {
						for _, p := range h.DataPoints {
							if strings.Contains(p.Attributes.Encoded(encoder), with) {
								n += int(p.Count)
							}
						}
					}
				}
			}
			return n
		}
	}
}
