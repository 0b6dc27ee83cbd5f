package zibrato

import (
	"strings"

	"github.com/zibrato/zibrato/metric"
)

// vec holds the instruments of one name that differ by the values of tags.
type vec[T any] struct {
	scope *Scope
	name  string
	keys  []string
	attrs attributes
	make  func(*Scope, string, attributes) (*T, bool)
	known index[T]

	injective bool // different values make different series; otherwise known would grow without end
}

func newVec[T any](z *Scope, name string, keys []string, opts []Option, make func(*Scope, string, attributes) (*T, bool)) *vec[T] {
	if z == nil || z.r == nil {
		return nil
	}
	// Copies, so that no name pins the body it was cut from, and none changes with a buffer that is used again.
	v := &vec[T]{scope: z, name: strings.Clone(name), attrs: z.attrs.with(opts), make: make}
	distinct := map[string]bool{}
	for _, k := range keys {
		v.keys = append(v.keys, strings.Clone(k))
		distinct[k] = true
	}
	v.known.init()
	v.injective = len(distinct) == len(keys) && len(v.attrs.tags)+len(keys) <= metric.MaxTags
	return v
}

// with finds or makes the instrument of some values. Values that were seen before cost a look-up without a lock or an
// allocation.
func (v *vec[T]) with(values []string) *T {
	if v == nil {
		return nil
	}
	if i := v.known.found.atAll(values); i != nil {
		return (*T)(i)
	}
	if i := v.known.byContent(values); i != nil {
		return i
	}
	return v.add(append([]string(nil), values...)) // a copy, so that the caller's slice stays on its stack
}

func (v *vec[T]) add(values []string) *T {
	if len(values) != len(v.keys) {
		v.scope.r.misuseOf(misuseArity, v.name)
		return nil
	}
	a := v.attrs
	for i, k := range v.keys {
		a = a.with([]Option{Tag(k, values[i])})
	}
	i, kept := v.make(v.scope, v.name, a)
	if !v.injective {
		return i
	}
	return v.known.put(values, i, kept)
}

// TimerVec holds the timers of one name that differ by the values of some tags. A nil TimerVec gives timers that do nothing.
type TimerVec struct{ v *vec[Timer] }

// With returns the timer with these values, one for each key of the vector, in their order. Any other number of values is
// counted as misuse, and gives a timer that does nothing.
func (v *TimerVec) With(values ...string) *Timer { return v.vec().with(values) }

func (v *TimerVec) vec() *vec[Timer] {
	if v == nil {
		return nil
	}
	return v.v
}

// CounterVec holds the counters of one name that differ by the values of some tags. A nil CounterVec gives counters that do nothing.
type CounterVec struct{ v *vec[Counter] }

// With returns the counter with these values, as [TimerVec.With] does.
func (v *CounterVec) With(values ...string) *Counter { return v.vec().with(values) }

func (v *CounterVec) vec() *vec[Counter] {
	if v == nil {
		return nil
	}
	return v.v
}

// UpDownVec holds the up-down counters of one name that differ by the values of some tags. A nil UpDownVec gives ones that do nothing.
type UpDownVec struct{ v *vec[UpDown] }

// With returns the up-down counter with these values, as [TimerVec.With] does.
func (v *UpDownVec) With(values ...string) *UpDown { return v.vec().with(values) }

func (v *UpDownVec) vec() *vec[UpDown] {
	if v == nil {
		return nil
	}
	return v.v
}

// GaugeVec holds the gauges of one name that differ by the values of some tags. A nil GaugeVec gives gauges that do nothing.
type GaugeVec struct{ v *vec[Gauge] }

// With returns the gauge with these values, as [TimerVec.With] does.
func (v *GaugeVec) With(values ...string) *Gauge { return v.vec().with(values) }

func (v *GaugeVec) vec() *vec[Gauge] {
	if v == nil {
		return nil
	}
	return v.v
}

// DistributionVec holds the distributions of one name that differ by the values of some tags. A nil DistributionVec gives ones that do nothing.
type DistributionVec struct{ v *vec[Distribution] }

// With returns the distribution with these values, as [TimerVec.With] does.
func (v *DistributionVec) With(values ...string) *Distribution { return v.vec().with(values) }

func (v *DistributionVec) vec() *vec[Distribution] {
	if v == nil {
		return nil
	}
	return v.v
}

// NewTimerVec returns timers of this scope that differ by the values of tags with these keys.
func (z *Scope) NewTimerVec(name string, keys []string, opts ...Option) *TimerVec {
	return &TimerVec{newVec(z, name, keys, opts, (*Scope).newTimer)}
}

// NewCounterVec returns counters of this scope that differ by the values of tags with these keys.
func (z *Scope) NewCounterVec(name string, keys []string, opts ...Option) *CounterVec {
	return &CounterVec{newVec(z, name, keys, opts, (*Scope).newCounter)}
}

// NewUpDownVec returns up-down counters of this scope that differ by the values of tags with these keys.
func (z *Scope) NewUpDownVec(name string, keys []string, opts ...Option) *UpDownVec {
	return &UpDownVec{newVec(z, name, keys, opts, (*Scope).newUpDown)}
}

// NewGaugeVec returns gauges of this scope that differ by the values of tags with these keys.
func (z *Scope) NewGaugeVec(name string, keys []string, opts ...Option) *GaugeVec {
	return &GaugeVec{newVec(z, name, keys, opts, (*Scope).newGauge)}
}

// NewDistributionVec returns distributions of this scope that differ by the values of tags with these keys.
func (z *Scope) NewDistributionVec(name string, keys []string, opts ...Option) *DistributionVec {
	return &DistributionVec{newVec(z, name, keys, opts, (*Scope).newDistribution)}
}
