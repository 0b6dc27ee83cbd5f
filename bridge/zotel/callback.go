package zotel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"
)

// callback is a function that observes instruments.
type callback struct {
	call func(context.Context, *visit) error
	of   []settler
	busy chan struct{} // holds one token while call runs
	gone bool          // unregistered. Guarded by the provider's mutex
}

// RegisterCallback registers a function that is called once an interval to observe these instruments, which must be of this meter.
func (m *meter) RegisterCallback(f metric.Callback, instruments ...metric.Observable) (metric.Registration, error) {
	if f == nil {
		return noop.Registration{}, errors.New("zotel: the callback is nil")
	}
	var wrong []error
	c := &callback{call: func(ctx context.Context, v *visit) error { return f(ctx, v) }}
	for _, i := range instruments {
		switch s, ok := i.(settler); {
		case !ok:
			wrong = append(wrong, fmt.Errorf("zotel: an instrument of type %T is of another provider", i))
		case s.home() != m.registry:
			wrong = append(wrong, fmt.Errorf("zotel: an instrument is of another meter than %q, with which its callback is registered", m.name))
		default:
			c.of = append(c.of, s)
		}
	}
	if len(c.of) == 0 {
		return noop.Registration{}, errors.Join(wrong...)
	}
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.p.add(c)
	return &registration{p: m.p, c: c}, errors.Join(wrong...)
}

type registration struct {
	embedded.Registration
	p *Provider
	c *callback
}

// Unregister ends the calls. One may be under way when it returns.
func (r *registration) Unregister() error {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	r.c.gone = true
	r.p.callbacks = slices.DeleteFunc(r.p.callbacks, func(c *callback) bool { return c == r.c })
	return nil
}

// visit is one call of a callback. What it observes afterwards is ignored.
type visit struct {
	embedded.Observer
	p    *Provider
	of   []settler
	pass uint64

	mu   sync.Mutex
	over bool
}

func (v *visit) ObserveInt64(of metric.Int64Observable, n int64, opts ...metric.ObserveOption) {
	if o, ok := of.(*intObservable); ok && slices.Contains(v.of, settler(o)) {
		observe(v, o.observable, n, opts)
	} else {
		v.p.strange(of)
	}
}

func (v *visit) ObserveFloat64(of metric.Float64Observable, n float64, opts ...metric.ObserveOption) {
	if o, ok := of.(*floatObservable); ok && slices.Contains(v.of, settler(o)) {
		observe(v, o.observable, n, opts)
	} else {
		v.p.strange(of)
	}
}

func observe[N number](v *visit, o *observable[N], n N, opts []metric.ObserveOption) {
	set := ofObserve(opts)
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.over {
		o.observe(v.pass, n, set)
	}
}

// strange complains about an observation.
func (p *Provider) strange(of metric.Observable) {
	p.complain(unregistered, "a callback observed an instrument for which it is not registered", "instrument", fmt.Sprintf("%T", of))
}

// end hands what was observed to who settles.
func (v *visit) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
}

// intObserver is what callbacks of one instrument get.
type intObserver struct {
	embedded.Int64Observer
	visit *visit
	of    *intObservable
}

func (o intObserver) Observe(n int64, opts ...metric.ObserveOption) {
	observe(o.visit, o.of.observable, n, opts)
}

type floatObserver struct {
	embedded.Float64Observer
	visit *visit
	of    *floatObservable
}

func (o floatObserver) Observe(n float64, opts ...metric.ObserveOption) {
	observe(o.visit, o.of.observable, n, opts)
}
