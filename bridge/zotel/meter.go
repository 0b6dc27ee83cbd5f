package zotel

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/zibrato/zibrato"
	zmetric "github.com/zibrato/zibrato/metric"
)

// meter makes the instruments of a library.
type meter struct {
	embedded.Meter
	*registry

	p      *Provider
	name   string
	scope  *zibrato.Scope
	tagged library // what the scope's tags tell of it
}

func (m *meter) Int64Counter(name string, opts ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	c := metric.NewInt64CounterConfig(present(opts)...)
	return lookup(m, "Int64Counter", zmetric.Counter, name, c.Unit(), c.Description(), newIntCounter)
}

func (m *meter) Float64Counter(name string, opts ...metric.Float64CounterOption) (metric.Float64Counter, error) {
	c := metric.NewFloat64CounterConfig(present(opts)...)
	return lookup(m, "Float64Counter", zmetric.Counter, name, c.Unit(), c.Description(), newFloatCounter)
}

func (m *meter) Int64UpDownCounter(name string, opts ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	c := metric.NewInt64UpDownCounterConfig(present(opts)...)
	return lookup(m, "Int64UpDownCounter", zmetric.UpDown, name, c.Unit(), c.Description(), newIntUpDown)
}

func (m *meter) Float64UpDownCounter(name string, opts ...metric.Float64UpDownCounterOption) (metric.Float64UpDownCounter, error) {
	c := metric.NewFloat64UpDownCounterConfig(present(opts)...)
	return lookup(m, "Float64UpDownCounter", zmetric.UpDown, name, c.Unit(), c.Description(), newFloatUpDown)
}

func (m *meter) Int64Histogram(name string, opts ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	c := metric.NewInt64HistogramConfig(present(opts)...)
	if unitOf(c.Unit()).time {
		return lookup(m, "Int64Histogram", zmetric.Timer, name, c.Unit(), c.Description(), newTimer[int64])
	}
	return lookup(m, "Int64Histogram", zmetric.Distribution, name, c.Unit(), c.Description(), newDistribution[int64])
}

func (m *meter) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	c := metric.NewFloat64HistogramConfig(present(opts)...)
	if unitOf(c.Unit()).time {
		return lookup(m, "Float64Histogram", zmetric.Timer, name, c.Unit(), c.Description(), newTimer[float64])
	}
	return lookup(m, "Float64Histogram", zmetric.Distribution, name, c.Unit(), c.Description(), newDistribution[float64])
}

func (m *meter) Int64Gauge(name string, opts ...metric.Int64GaugeOption) (metric.Int64Gauge, error) {
	c := metric.NewInt64GaugeConfig(present(opts)...)
	return lookup(m, "Int64Gauge", zmetric.Gauge, name, c.Unit(), c.Description(), newGauge[int64])
}

func (m *meter) Float64Gauge(name string, opts ...metric.Float64GaugeOption) (metric.Float64Gauge, error) {
	c := metric.NewFloat64GaugeConfig(present(opts)...)
	return lookup(m, "Float64Gauge", zmetric.Gauge, name, c.Unit(), c.Description(), newGauge[float64])
}

func (m *meter) Int64ObservableCounter(name string, opts ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	c := metric.NewInt64ObservableCounterConfig(present(opts)...)
	return m.intObservable("Int64ObservableCounter", zmetric.Counter, name, c.Unit(), c.Description(), c.Callbacks())
}

func (m *meter) Int64ObservableUpDownCounter(name string, opts ...metric.Int64ObservableUpDownCounterOption) (metric.Int64ObservableUpDownCounter, error) {
	c := metric.NewInt64ObservableUpDownCounterConfig(present(opts)...)
	return m.intObservable("Int64ObservableUpDownCounter", zmetric.UpDown, name, c.Unit(), c.Description(), c.Callbacks())
}

func (m *meter) Int64ObservableGauge(name string, opts ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	c := metric.NewInt64ObservableGaugeConfig(present(opts)...)
	return m.intObservable("Int64ObservableGauge", zmetric.Gauge, name, c.Unit(), c.Description(), c.Callbacks())
}

func (m *meter) Float64ObservableCounter(name string, opts ...metric.Float64ObservableCounterOption) (metric.Float64ObservableCounter, error) {
	c := metric.NewFloat64ObservableCounterConfig(present(opts)...)
	return m.floatObservable("Float64ObservableCounter", zmetric.Counter, name, c.Unit(), c.Description(), c.Callbacks())
}

func (m *meter) Float64ObservableUpDownCounter(name string, opts ...metric.Float64ObservableUpDownCounterOption) (metric.Float64ObservableUpDownCounter, error) {
	c := metric.NewFloat64ObservableUpDownCounterConfig(present(opts)...)
	return m.floatObservable("Float64ObservableUpDownCounter", zmetric.UpDown, name, c.Unit(), c.Description(), c.Callbacks())
}

func (m *meter) Float64ObservableGauge(name string, opts ...metric.Float64ObservableGaugeOption) (metric.Float64ObservableGauge, error) {
	c := metric.NewFloat64ObservableGaugeConfig(present(opts)...)
	return m.floatObservable("Float64ObservableGauge", zmetric.Gauge, name, c.Unit(), c.Description(), c.Callbacks())
}

// intObservable finds or makes an instrument that callbacks observe. Callbacks of one that exists are not taken: who makes it again and again would
// have more and more of them. That is what OpenTelemetry's own SDK does.
func (m *meter) intObservable(kind string, series zmetric.Kind, name, ucum, description string, callbacks []metric.Int64Callback) (*intObservable, error) {
	o, err := lookup(m, kind, series, name, ucum, description, func(d definition) *intObservable {
		o := &intObservable{observable: newObservable[int64](m, series, d)}
		for _, f := range callbacks {
			m.p.add(&callback{of: []settler{o}, call: func(ctx context.Context, v *visit) error { return f(ctx, intObserver{visit: v, of: o}) }})
		}
		callbacks = nil
		return o
	})
	m.p.unused(name, len(callbacks))
	return o, err
}

// floatObservable is intObservable for the other numbers.
func (m *meter) floatObservable(kind string, series zmetric.Kind, name, ucum, description string, callbacks []metric.Float64Callback) (*floatObservable, error) {
	o, err := lookup(m, kind, series, name, ucum, description, func(d definition) *floatObservable {
		o := &floatObservable{observable: newObservable[float64](m, series, d)}
		for _, f := range callbacks {
			m.p.add(&callback{of: []settler{o}, call: func(ctx context.Context, v *visit) error { return f(ctx, floatObserver{visit: v, of: o}) }})
		}
		callbacks = nil
		return o
	})
	m.p.unused(name, len(callbacks))
	return o, err
}

// unused complains about callbacks of an instrument that exists.
func (p *Provider) unused(name string, callbacks int) {
	if callbacks > 0 {
		p.complain(duplicate, "the instrument exists, and its new callbacks are not called: use RegisterCallback", "name", name)
	}
}
