package zibrato

import (
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// Scope has the functions of the package at a level, for a source and with tags of its own. [With] makes one. A nil or
// zero Scope does nothing.
type Scope struct {
	on    atomicFlag // 1: record. The level switches it, as it does those of instruments
	r     *Recorder
	attrs attributes
	known *known
}

// With returns a scope like this one but for the options.
func (z *Scope) With(opts ...Option) *Scope {
	if z == nil || z.r == nil {
		return nil
	}
	s := new(Scope)
	z.r.initScope(s, z.attrs.with(opts), &known{})
	return s
}

func nop() {}

// pending is a timing under way. Its methods are method values for defer, which, unlike closures, let Time be inlined, so
// that nothing is allocated.
type pending struct {
	scope *Scope
	name  string
	start int64
}

func (p pending) stop() {
	p.scope.known.stop(p.name, p.start)
}

// begin reads the clock. It is a call of its own, with all that is to be kept, so that Time fits the inliner's budget.
//
//go:noinline
//go:nosplit
func (z *Scope) begin(name string) pending { return pending{z, name, clock.Ticks()} }

// ticks reads the clock, or returns 0 when nobody watches. It is a call of its own for the same reason.
//
//go:noinline
//go:nosplit
func (z *Scope) ticks() int64 {
	if !z.Watched() {
		return 0
	}
	return clock.Ticks()
}

// Time starts timing and returns the function that stops it and records one sample:
//
//	defer scope.Time("db.query")()
//
// Each call of the returned function records a sample; without any, nothing is recorded. Any goroutine may call it.
//
// It allocates nothing where the compiler keeps deferred calls on the stack: not for a defer in a loop, or in a function with
// more than eight. A block that panics is recorded, too.
func (z *Scope) Time(name string) func() {
	if z == nil || z.on.Load() == 0 {
		return nop
	}
	return z.begin(name).stop
}

// Watched reports whether anybody watches the level, so that what would cost much to find out is only found out for somebody. It costs a load and
// a branch. Calls of instruments ask by themselves.
func (z *Scope) Watched() bool { return z != nil && z.on.Load() != 0 }

// pendingErr is too large for the compiler to keep in registers, so that a call which returned all of it would copy it through memory, for some 20 ns.
type pendingErr struct {
	scope *Scope
	name  string
	start int64
	err   *error
}

func (p pendingErr) stop() {
	if p.start == 0 {
		return
	}
	p.scope.known.stopOutcome(p.name, p.start, p.err == nil || *p.err == nil)
}

// TimeErr is Time with the tag outcome=ok or outcome=error, by what *err is when the returned function runs:
//
//	func query() (err error) {
//		defer scope.TimeErr("db.query", &err)()
func (z *Scope) TimeErr(name string, err *error) func() {
	return pendingErr{z, name, z.ticks(), err}.stop
}

// Do times f.
func (z *Scope) Do(name string, f func()) {
	defer z.Time(name)()
	f()
}

// DoErr times f with the tag outcome=ok or outcome=error and returns f's error. A panic counts as an error.
func (z *Scope) DoErr(name string, f func() error) (err error) {
	if !z.Watched() {
		return f()
	}
	start, returned := clock.Ticks(), false
	defer func() {
		z.known.stopOutcome(name, start, returned && err == nil)
	}()
	err = f()
	returned = true
	return err
}

// Observe records a timer's sample that was measured elsewhere. A negative one is ignored and counted as misuse.
func (z *Scope) Observe(name string, d time.Duration) {
	if z.Watched() {
		z.known.timer(name).Observe(d)
	}
}

// Count adds n to a counter. A negative n is ignored and counted as misuse.
func (z *Scope) Count(name string, n int64) {
	if z.Watched() {
		z.known.counter(name).Add(n)
	}
}

// Inc adds 1 to a counter.
func (z *Scope) Inc(name string) {
	if z.Watched() {
		z.known.inc(name)
	}
}

// Set sets a gauge. NaN and infinities are ignored and counted as misuse.
func (z *Scope) Set(name string, v float64) {
	if z.Watched() {
		z.known.set(name, v)
	}
}

// Record adds a value to a distribution. NaN and infinities are ignored and counted as misuse.
func (z *Scope) Record(name string, v float64) {
	if z.Watched() {
		z.known.distribution(name).Record(v)
	}
}

// NewTimer returns the timer of a name in this scope.
func (z *Scope) NewTimer(name string, opts ...Option) *Timer {
	if z == nil || z.r == nil {
		return nil
	}
	t, _ := z.newTimer(name, z.attrs.with(opts))
	return t
}

// NewCounter returns the counter of a name in this scope.
func (z *Scope) NewCounter(name string, opts ...Option) *Counter {
	if z == nil || z.r == nil {
		return nil
	}
	c, _ := z.newCounter(name, z.attrs.with(opts))
	return c
}

// NewUpDown returns the up-down counter of a name in this scope.
func (z *Scope) NewUpDown(name string, opts ...Option) *UpDown {
	if z == nil || z.r == nil {
		return nil
	}
	u, _ := z.newUpDown(name, z.attrs.with(opts))
	return u
}

// NewGauge returns the gauge of a name in this scope.
func (z *Scope) NewGauge(name string, opts ...Option) *Gauge {
	if z == nil || z.r == nil {
		return nil
	}
	g, _ := z.newGauge(name, z.attrs.with(opts))
	return g
}

// NewDistribution returns the distribution of a name in this scope.
func (z *Scope) NewDistribution(name string, opts ...Option) *Distribution {
	if z == nil || z.r == nil {
		return nil
	}
	d, _ := z.newDistribution(name, z.attrs.with(opts))
	return d
}

func (z *Scope) newTimer(name string, a attributes) (*Timer, bool) {
	a.unit = "s"
	h, kept := z.r.instrument(metric.Timer, name, a)
	return h.(*Timer), kept
}

func (z *Scope) newCounter(name string, a attributes) (*Counter, bool) {
	h, kept := z.r.instrument(metric.Counter, name, a)
	return h.(*Counter), kept
}

func (z *Scope) newUpDown(name string, a attributes) (*UpDown, bool) {
	h, kept := z.r.instrument(metric.UpDown, name, a)
	return h.(*UpDown), kept
}

func (z *Scope) newGauge(name string, a attributes) (*Gauge, bool) {
	h, kept := z.r.instrument(metric.Gauge, name, a)
	return h.(*Gauge), kept
}

func (z *Scope) newDistribution(name string, a attributes) (*Distribution, bool) {
	h, kept := z.r.instrument(metric.Distribution, name, a)
	return h.(*Distribution), kept
}
