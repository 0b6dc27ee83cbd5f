package zotel

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"

	"github.com/zibrato/zibrato"
)

type number interface{ int64 | float64 }

// timer is a histogram of time.
type timer[N number] struct {
	embedded.Int64Histogram
	embedded.Float64Histogram
	definition
	*cells[zibrato.Timer]
}

func newTimer[N number](d definition) *timer[N] {
	return &timer[N]{definition: d, cells: newCells(d.p.cfg.MaxSets, func(set attribute.Set) *zibrato.Timer {
		return d.scope.NewTimer(d.name, d.with(set)...)
	})}
}

func (t *timer[N]) Record(_ context.Context, v N, opts ...metric.RecordOption) {
	if !t.open() {
		return
	}
	if d, ok := duration(t.unit, v); ok {
		choose(t.cells, opts).Observe(d)
	} else {
		t.p.refuse(t.name)
	}
}

// duration returns a time to the nearest nanosecond. A negative one stays negative, so that the timer takes it for misuse.
func duration[N number](u unit, v N) (d time.Duration, ok bool) {
	switch v := any(v).(type) {
	case int64:
		n, ok := u.whole(v)
		return time.Duration(n), ok
	case float64:
		if v < 0 {
			return -1, true
		}
		n, ok := u.float(v)
		return time.Duration(n + 0.5), ok
	}
	return 0, false
}

// choose finds what a record goes to.
func choose[T any](c *cells[T], opts []metric.RecordOption) *T {
	if len(opts) == 0 {
		return c.none()
	}
	return c.of(ofRecord(opts))
}

// distribution is a histogram of anything else.
type distribution[N number] struct {
	embedded.Int64Histogram
	embedded.Float64Histogram
	definition
	*cells[zibrato.Distribution]
}

func newDistribution[N number](d definition) *distribution[N] {
	return &distribution[N]{definition: d, cells: newCells(d.p.cfg.MaxSets, func(set attribute.Set) *zibrato.Distribution {
		return d.scope.NewDistribution(d.name, d.with(set)...)
	})}
}

func (d *distribution[N]) Record(_ context.Context, v N, opts ...metric.RecordOption) {
	if d.open() {
		choose(d.cells, opts).Record(float64(v))
	}
}

// gauge is one that is set.
type gauge[N number] struct {
	embedded.Int64Gauge
	embedded.Float64Gauge
	definition
	*cells[zibrato.Gauge]
}

func newGauge[N number](d definition) *gauge[N] {
	return &gauge[N]{definition: d, cells: newCells(d.p.cfg.MaxSets, d.gauge)}
}

func (d definition) gauge(set attribute.Set) *zibrato.Gauge {
	return d.scope.NewGauge(d.name, d.with(set)...)
}

func (g *gauge[N]) Record(_ context.Context, v N, opts ...metric.RecordOption) {
	if g.open() {
		choose(g.cells, opts).Set(float64(v))
	}
}
