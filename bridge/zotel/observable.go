package zotel

import (
	"math"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/zibrato/zibrato"
	zmetric "github.com/zibrato/zibrato/metric"
)

// settler is an instrument that callbacks observe.
type settler interface {
	// settle records what was observed in a pass. fresh is false if there was none before that observed; complete, if every callback was heard.
	settle(pass uint64, fresh, complete bool)
	home() *registry
}

type intObservable struct {
	metric.Int64Observable
	embedded.Int64ObservableCounter
	embedded.Int64ObservableUpDownCounter
	embedded.Int64ObservableGauge
	*observable[int64]
}

type floatObservable struct {
	metric.Float64Observable
	embedded.Float64ObservableCounter
	embedded.Float64ObservableUpDownCounter
	embedded.Float64ObservableGauge
	*observable[float64]
}

// observable keeps what callbacks observed. It is owned by the pass under way: by the callback that is called, then by who settles.
type observable[N number] struct {
	definition
	registry *registry
	kind     zmetric.Kind
	cells    *cells[observed[N]]
	all      []*observed[N]
}

// observed is what callbacks say of a series: a counter's or an up-down counter's total, or a gauge's value.
type observed[N number] struct {
	value    N
	pass     uint64 // in which it was
	recorded int64  // the part of the total that was recorded
	rest     bool   // it is the sum of what found no room for a series

	counter *zibrato.Counter
	upDown  *zibrato.UpDown
	gauge   *zibrato.Gauge
}

func newObservable[N number](m *meter, kind zmetric.Kind, d definition) *observable[N] {
	o := &observable[N]{definition: d, registry: m.registry, kind: kind}
	o.cells = newCells(d.p.cfg.MaxSets, o.add)
	return o
}

func (o *observable[N]) add(set attribute.Set) *observed[N] {
	s := &observed[N]{rest: set.Equals(&overflow)}
	switch o.kind {
	case zmetric.Counter:
		s.counter = o.counter(set)
	case zmetric.UpDown:
		s.upDown = o.upDown(set)
	default:
		s.gauge = o.gauge(set)
	}
	o.all = append(o.all, s)
	return s
}

func (o *observable[N]) home() *registry { return o.registry }

// observe takes a value. Totals that are said of one series add up: those that found no room for one of their own, or that several callbacks observe.
func (o *observable[N]) observe(pass uint64, v N, set attribute.Set) {
	s := o.cells.of(set)
	if s.pass == pass && s.gauge == nil {
		v += s.value
	}
	s.pass, s.value = pass, v
}

func (o *observable[N]) settle(pass uint64, fresh, complete bool) {
	for _, s := range o.all {
		seen := s.pass == pass
		switch {
		case s.gauge != nil:
			if seen {
				s.gauge.Set(float64(s.value))
			}
		case seen:
			if total, ok := total(o.unit, s.value); !ok {
				o.p.refuse(o.name)
			} else if s.upDown != nil {
				s.move(total)
			} else {
				s.grow(total, fresh)
			}
		case s.upDown != nil && complete:
			s.move(0) // what is not there any more
		}
	}
}

// total returns a total as a whole number in the unit of the series.
func total[N number](u unit, v N) (n int64, ok bool) {
	switch v := any(v).(type) {
	case int64:
		return u.whole(v)
	case float64:
		v, ok = u.float(v)
		return int64(math.Floor(v)), ok
	}
	return 0, false
}

// move lets an up-down counter have this total.
func (s *observed[N]) move(total int64) {
	if total != s.recorded {
		s.upDown.Add(total - s.recorded)
		s.recorded = total
	}
}

// grow counts by how much a total grew. One that is smaller than before began anew; not so that of several series, one of which may be gone. What
// grew while nobody watched is left out.
func (s *observed[N]) grow(total int64, fresh bool) {
	grown := total - s.recorded
	switch {
	case total < 0:
		s.counter.Add(-1) // which counts it as misuse
		return
	case !fresh, grown < 0 && s.rest:
		grown = 0
	case grown < 0:
		grown = total
	}
	if grown > 0 {
		s.counter.Add(grown)
	}
	s.recorded = total
}
