package zibrato

import (
	"time"

	"github.com/zibrato/zibrato/internal/clock"
)

// infoOn is the flag of level info of the default recorder. It is a variable of the package so that Time fits the inliner's budget.
var infoOn atomicFlag

var std = newDefault()

// stdKnown is what the functions of the package found. It is a variable of the package so that they need not follow pointers to it.
var stdKnown known

// Default returns the default recorder, on which the functions of the package work.
func Default() *Recorder { return std }

// Configure configures the default recorder. It fails once something consumes it, or has.
func Configure(c Config) error { return std.configure(c) }

type pendingDefault struct {
	name  string
	start int64
}

// Time starts timing and returns the function that stops it and records one sample of the timer:
//
//	defer zibrato.Time("db.query")()
//
// Each call of that function records a sample; without any, nothing is recorded. Any goroutine may call it.
//
// It allocates nothing where the compiler keeps deferred calls on the stack: not for a defer in a loop, or in a function with
// more than eight. A block that panics is recorded, too.
func Time(name string) func() {
	if infoOn.Load() == 0 {
		return nop
	}
	return pendingDefault{name, clock.Ticks()}.stop
}

// TimeErr is Time with the tag outcome=ok or outcome=error, by what *err is when the returned function runs. The deferred function cannot see a panic,
// so a block that panics is timed as what *err was; DoErr can.
func TimeErr(name string, err *error) func() { return std.TimeErr(name, err) }

// Do times f.
func Do(name string, f func()) { std.Do(name, f) }

// DoErr times f with the tag outcome=ok or outcome=error and returns f's error. A panic counts as an error.
func DoErr(name string, f func() error) error { return std.DoErr(name, f) }

// Observe records a timer's sample that was measured elsewhere. A negative one is ignored and counted as misuse.
func Observe(name string, d time.Duration) { std.Observe(name, d) }

// Count adds n to a counter. A negative n is ignored and counted as misuse.
func Count(name string, n int64) { std.Count(name, n) }

// Inc adds 1 to a counter.
func Inc(name string) {
	if infoOn.Load() != 0 {
		inc(name)
	}
}

// Set sets a gauge. NaN and infinities are ignored and counted as misuse.
func Set(name string, v float64) { std.Set(name, v) }

// Record adds a value to a distribution. NaN and infinities are ignored and counted as misuse.
func Record(name string, v float64) { std.Record(name, v) }

// With returns a scope of the default recorder.
func With(opts ...Option) *Scope { return std.With(opts...) }

// NewTimer returns the default recorder's timer of that name. Timers are in seconds. Equal names and options give the same series.
func NewTimer(name string, opts ...Option) *Timer { return std.NewTimer(name, opts...) }

// NewCounter returns the default recorder's counter of that name.
func NewCounter(name string, opts ...Option) *Counter { return std.NewCounter(name, opts...) }

// NewUpDown returns the default recorder's up-down counter of that name.
func NewUpDown(name string, opts ...Option) *UpDown { return std.NewUpDown(name, opts...) }

// NewGauge returns the default recorder's gauge of that name.
func NewGauge(name string, opts ...Option) *Gauge { return std.NewGauge(name, opts...) }

// NewGaugeFunc makes a gauge of the default recorder that is asked, see [Scope.NewGaugeFunc].
func NewGaugeFunc(name string, f func() float64, opts ...Option) (stop func()) {
	return std.NewGaugeFunc(name, f, opts...)
}

// NewDistribution returns the default recorder's distribution of that name.
func NewDistribution(name string, opts ...Option) *Distribution {
	return std.NewDistribution(name, opts...)
}

// NewTimerVec returns timers of the default recorder that differ by the values of tags.
func NewTimerVec(name string, keys []string, opts ...Option) *TimerVec {
	return std.NewTimerVec(name, keys, opts...)
}

// NewCounterVec returns counters of the default recorder that differ by the values of tags.
func NewCounterVec(name string, keys []string, opts ...Option) *CounterVec {
	return std.NewCounterVec(name, keys, opts...)
}

// NewUpDownVec returns up-down counters of the default recorder that differ by the values of tags.
func NewUpDownVec(name string, keys []string, opts ...Option) *UpDownVec {
	return std.NewUpDownVec(name, keys, opts...)
}

// NewGaugeVec returns gauges of the default recorder that differ by the values of tags.
func NewGaugeVec(name string, keys []string, opts ...Option) *GaugeVec {
	return std.NewGaugeVec(name, keys, opts...)
}

// NewDistributionVec returns distributions of the default recorder that differ by the values of tags.
func NewDistributionVec(name string, keys []string, opts ...Option) *DistributionVec {
	return std.NewDistributionVec(name, keys, opts...)
}
