//go:build !race

// The race detector allocates on its own.

package zotel

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato"
)

// What the bridge does allocates nothing for attributes that were seen before. What the API makes of its options before it is called does.
func TestAllocationsOfACall(t *testing.T) {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	watched, off := start(t, Config{}), start(t, Config{Scope: rec.With()})
	attributes := []attribute.KeyValue{attribute.String("method", "GET"), attribute.String("route", "/items/{id}"), attribute.Int("status", 200)}
	set := attribute.NewSet(attributes...)
	option := metric.WithAttributeSet(set)
	adds, records := []metric.AddOption{option}, []metric.RecordOption{option}
	for _, b := range []*bridge{watched, off} {
		ints, floats := must(b.Int64Counter("ints")), must(b.Float64Counter("floats", metric.WithUnit("s")))
		ups, downs := must(b.Int64UpDownCounter("ups")), must(b.Float64UpDownCounter("downs"))
		timer, sizes := must(b.Float64Histogram("timer", metric.WithUnit("s"))), must(b.Int64Histogram("sizes"))
		gauge := must(b.Float64Gauge("gauge"))
		for _, test := range []struct {
			name string
			call func()
			want float64
		}{
			{"no attributes", func() { ints.Add(ctx, 1) }, 0},
			{"a slice of options that was made before", func() { ints.Add(ctx, 1, adds...) }, 0},
			{"a float64 counter", func() { floats.Add(ctx, 0.1, adds...) }, 0},
			{"an up-down counter", func() { ups.Add(ctx, 1, adds...) }, 0},
			{"a float64 up-down counter", func() { downs.Add(ctx, 0.1, adds...) }, 0},
			{"a histogram of time", func() { timer.Record(ctx, 0.1, records...) }, 0},
			{"a histogram", func() { sizes.Record(ctx, 17, records...) }, 0},
			{"a gauge", func() { gauge.Record(ctx, 17, records...) }, 0},
			{"an option that was made before", func() { ints.Add(ctx, 1, option) }, 1},
			{"a set that was made before", func() { ints.Add(ctx, 1, metric.WithAttributeSet(set)) }, 2},
			{"attributes", func() { ints.Add(ctx, 1, metric.WithAttributes(attributes...)) }, 4},
		} {
			if n := testing.AllocsPerRun(1000, test.call); n != test.want {
				t.Errorf("%s: %v allocations, want %v", test.name, n, test.want)
			}
		}
	}
}
