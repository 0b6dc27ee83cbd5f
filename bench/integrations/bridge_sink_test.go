package integrations

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/bridge/zotel"
	"github.com/zibrato/zibrato/metric"
)

// patience is how long a test waits for what happens as soon as the machine has time.
const patience = time.Minute

// number is what is known of a series in the end.
type number struct {
	count uint64  // of a histogram's values
	sum   float64 // of a histogram or counter
	last  float64 // of a gauge or up-down counter
}

// arrivals is a sink that adds up what arrives, by name and attributes.
type arrivals struct {
	mu      sync.Mutex
	numbers map[string]number
}

func (a *arrivals) Write(_ context.Context, w *metric.Window) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range w.Series {
		if strings.HasPrefix(s.Name, "zibrato.") || strings.HasPrefix(s.Name, "otel.bridge.") {
			continue
		}
		var attributes []attribute.KeyValue
		for _, t := range s.Tags {
			if t.Key != "otel.scope.name" {
				attributes = append(attributes, attribute.String(t.Key, t.Value))
			}
		}
		key := keyOf(s.Name, attribute.NewSet(attributes...))
		n := a.numbers[key]
		switch s.Kind {
		case metric.Timer, metric.Distribution:
			n.count += s.Count
			n.sum += s.Sum
		case metric.Counter:
			n.sum += float64(s.IntSum) * inBase(s.Unit)
		default:
			n.last = s.Detail.Last * inBase(s.Unit)
		}
		a.numbers[key] = n
	}
	return nil
}

func (a *arrivals) Close(context.Context) error { return nil }

// keyOf tells series apart by name and attributes, whose values are strings to a sink.
func keyOf(name string, set attribute.Set) string {
	return name + "{" + set.Encoded(attribute.DefaultEncoder()) + "}"
}

// inBase is how many of the base unit a unit is: both sides may state time in their own.
func inBase(unit string) float64 {
	switch unit {
	case "ns":
		return 1e-9
	case "ms":
		return 1e-3
	}
	return 1
}

// bridged is a provider whose numbers arrive at a sink.
type bridged struct {
	*zotel.Provider
	tb   testing.TB
	b    *backend.Backend
	sink *arrivals
}

func bridge(tb testing.TB, c zotel.Config) *bridged {
	tb.Helper()
	rec := zibrato.New(zibrato.Config{})
	sink := &arrivals{numbers: map[string]number{}}
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Hour, Sinks: []backend.Sink{sink}})
	must(tb, err)
	c.Scope, c.Every = rec.With(), time.Hour
	p, err := zotel.Start(c)
	must(tb, err)
	return &bridged{p, tb, b, sink}
}

// end brings the rest, and returns all that arrived.
func (b *bridged) end() map[string]number {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(b.tb, b.Shutdown(ctx), b.b.Shutdown(ctx))
	return b.sink.numbers
}

// told is what OpenTelemetry's own SDK tells of, in the same form.
func told(tb testing.TB, reader sdk.Reader) map[string]number {
	tb.Helper()
	var all metricdata.ResourceMetrics
	must(tb, reader.Collect(context.Background(), &all))
	numbers := map[string]number{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			base := inBase(m.Unit)
			switch data := m.Data.(type) {
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					numbers[keyOf(m.Name, p.Attributes)] = number{count: p.Count, sum: float64(p.Sum) * base}
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					numbers[keyOf(m.Name, p.Attributes)] = number{count: p.Count, sum: p.Sum * base}
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					numbers[keyOf(m.Name, p.Attributes)] = total(float64(p.Value)*base, data.IsMonotonic)
				}
			case metricdata.Sum[float64]:
				for _, p := range data.DataPoints {
					numbers[keyOf(m.Name, p.Attributes)] = total(p.Value*base, data.IsMonotonic)
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					numbers[keyOf(m.Name, p.Attributes)] = number{last: float64(p.Value) * base}
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					numbers[keyOf(m.Name, p.Attributes)] = number{last: p.Value * base}
				}
			default:
				tb.Fatalf("%s has data of type %T", m.Name, data)
			}
		}
	}
	return numbers
}

// total is a counter's sum, or where an up-down counter is.
func total(v float64, monotonic bool) number {
	if monotonic {
		return number{sum: v}
	}
	return number{last: v}
}

// agree compares what arrived with what the SDK tells of: exactly, but for sums, which may differ by so much each.
func agree(tb testing.TB, got, want map[string]number, tolerance func(key string, want number) float64) {
	tb.Helper()
	for key, w := range want {
		g, arrived := got[key]
		if t := tolerance(key, w); !arrived || g.count != w.count || math.Abs(g.sum-w.sum) > t || math.Abs(g.last-w.last) > t {
			tb.Errorf("%s: %+v arrived, %+v was told, tolerance %v", key, g, w, t)
		}
	}
	for key, g := range got {
		if _, ok := want[key]; !ok && g != (number{}) {
			tb.Errorf("%s: %+v arrived, nothing was told", key, g)
		}
	}
	if len(want) == 0 {
		tb.Error("nothing was told")
	}
}
