package zotel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/zibrato/zibrato"
)

// Counters and up-down counters of Zibrato are whole numbers. Those of int64 are handed on as they are; those of float64 keep a fraction beside each series.

type intCounter struct {
	embedded.Int64Counter
	definition
	*cells[zibrato.Counter]
}

func newIntCounter(d definition) *intCounter {
	return &intCounter{definition: d, cells: newCells(d.p.cfg.MaxSets, d.counter)}
}

func (d definition) counter(set attribute.Set) *zibrato.Counter {
	return d.scope.NewCounter(d.name, d.with(set)...)
}

func (c *intCounter) Add(_ context.Context, n int64, opts ...metric.AddOption) {
	if !c.open() {
		return
	}
	if n, ok := c.unit.whole(n); ok {
		pick(c.cells, opts).Add(n)
	} else {
		c.p.refuse(c.name)
	}
}

// pick finds what an addition goes to.
func pick[T any](c *cells[T], opts []metric.AddOption) *T {
	if len(opts) == 0 {
		return c.none()
	}
	return c.of(ofAdd(opts))
}

type intUpDown struct {
	embedded.Int64UpDownCounter
	definition
	*cells[zibrato.UpDown]
}

func newIntUpDown(d definition) *intUpDown {
	return &intUpDown{definition: d, cells: newCells(d.p.cfg.MaxSets, d.upDown)}
}

func (d definition) upDown(set attribute.Set) *zibrato.UpDown {
	return d.scope.NewUpDown(d.name, d.with(set)...)
}

func (u *intUpDown) Add(_ context.Context, n int64, opts ...metric.AddOption) {
	if !u.open() {
		return
	}
	if n, ok := u.unit.whole(n); ok {
		pick(u.cells, opts).Add(n)
	} else {
		u.p.refuse(u.name)
	}
}

type floatCounter struct {
	embedded.Float64Counter
	definition
	*cells[partial[*zibrato.Counter]]
}

// partial is a series with what is not yet a whole one.
type partial[S interface{ Add(int64) }] struct {
	rest   fraction // first, so that it is aligned on 32-bit platforms
	series S
}

func (p *partial[S]) add(v float64) { p.series.Add(p.rest.whole(v)) }

func newFloatCounter(d definition) *floatCounter {
	return &floatCounter{definition: d, cells: newCells(d.p.cfg.MaxSets, func(set attribute.Set) *partial[*zibrato.Counter] {
		return &partial[*zibrato.Counter]{series: d.counter(set)}
	})}
}

func (c *floatCounter) Add(_ context.Context, v float64, opts ...metric.AddOption) {
	if !c.open() {
		return
	}
	switch v, ok := c.unit.float(v); {
	case !ok:
		c.p.refuse(c.name)
	case v < 0:
		pick(c.cells, opts).series.Add(-1) // which counts it as misuse
	default:
		pick(c.cells, opts).add(v)
	}
}

type floatUpDown struct {
	embedded.Float64UpDownCounter
	definition
	*cells[partial[*zibrato.UpDown]]
}

func newFloatUpDown(d definition) *floatUpDown {
	return &floatUpDown{definition: d, cells: newCells(d.p.cfg.MaxSets, func(set attribute.Set) *partial[*zibrato.UpDown] {
		return &partial[*zibrato.UpDown]{series: d.upDown(set)}
	})}
}

func (u *floatUpDown) Add(_ context.Context, v float64, opts ...metric.AddOption) {
	if !u.open() {
		return
	}
	if v, ok := u.unit.float(v); ok {
		pick(u.cells, opts).add(v)
	} else {
		u.p.refuse(u.name)
	}
}
