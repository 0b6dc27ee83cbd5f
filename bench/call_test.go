package bench

import (
	"errors"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

var errNo = errors.New("no")

// instruments are one of each kind, on one level.
type instruments struct {
	scope        *zibrato.Scope
	timer        *zibrato.Timer
	counter      *zibrato.Counter
	updown       *zibrato.UpDown
	gauge        *zibrato.Gauge
	distribution *zibrato.Distribution
	vec          *zibrato.TimerVec
}

func newInstruments(z *zibrato.Scope) *instruments {
	return &instruments{
		scope:        z,
		timer:        z.NewTimer("bench.timer"),
		counter:      z.NewCounter("bench.counter"),
		updown:       z.NewUpDown("bench.updown"),
		gauge:        z.NewGauge("bench.gauge"),
		distribution: z.NewDistribution("bench.distribution"),
		vec:          z.NewTimerVec("bench.vec", []string{"route", "status"}),
	}
}

// What is deferred stands in a function of its own, as it does in real code; it cannot be inlined.

func timeByName() { defer zibrato.Time("bench.time")() }

func timeScope(z *zibrato.Scope) { defer z.Time("bench.scope")() }

func timeErr() (err error) {
	defer zibrato.TimeErr("bench.timeerr", &err)()
	return errNo
}

func timeDeferred(t *zibrato.Timer) { defer t.Start().Stop() }

func timeVec(v *zibrato.TimerVec) { defer v.With("/orders", "200").Start().Stop() }

// byName are the functions of the package, which are on level info.
func byName() []measure.Case {
	return []measure.Case{
		{Name: "Time", Run: func(n int) {
			for range n {
				timeByName()
			}
		}},
		{Name: "TimeErr", Run: func(n int) {
			for range n {
				timeErr()
			}
		}},
		{Name: "Inc", Run: func(n int) {
			for range n {
				zibrato.Inc("bench.inc")
			}
		}},
		{Name: "Set", Run: func(n int) {
			for i := range n {
				zibrato.Set("bench.set", float64(i))
			}
		}},
	}
}

// calls are the ways to record through instruments and scopes.
func (x *instruments) calls() []measure.Case {
	return []measure.Case{
		{Name: "Scope.Time", Run: func(n int) {
			for range n {
				timeScope(x.scope)
			}
		}},
		{Name: "Scope.Inc", Run: func(n int) {
			for range n {
				x.scope.Inc("bench.scopeinc")
			}
		}},
		{Name: "Timer.Start+Stop", Run: func(n int) {
			for range n {
				x.timer.Start().Stop()
			}
		}},
		{Name: "Timer.Start+Stop,deferred", Run: func(n int) {
			for range n {
				timeDeferred(x.timer)
			}
		}},
		{Name: "Timer.Observe", Run: func(n int) {
			for range n {
				x.timer.Observe(1)
			}
		}},
		{Name: "TimerVec.With,deferred", Run: func(n int) {
			for range n {
				timeVec(x.vec)
			}
		}},
		{Name: "Counter.Inc", Run: func(n int) {
			for range n {
				x.counter.Inc()
			}
		}},
		{Name: "UpDown.Add", Run: func(n int) {
			for range n {
				x.updown.Add(1)
			}
		}},
		{Name: "Gauge.Set", Run: func(n int) {
			for i := range n {
				x.gauge.Set(float64(i))
			}
		}},
		{Name: "Distribution.Record", Run: func(n int) {
			for range n {
				x.distribution.Record(1)
			}
		}},
	}
}

// BenchmarkCall measures each way to record while a consumer encodes what comes, and the drain keeps up: lost-% says whether it did. The drain's and
// the consumer's own work run beside the call, not in it; for these see BenchmarkProcess.
func BenchmarkCall(b *testing.B) {
	r := zibrato.Default()
	c := harness.Consume(b, r)
	x := newInstruments(r.With(zibrato.Tag("scope", "1")))
	deferredTimer := x.calls()[3]
	for _, call := range append(byName(), x.calls()...) {
		for _, w := range harness.Workers {
			b.Run("call="+call.Name+"/"+w.Name, func(b *testing.B) {
				call.Before, deferredTimer.Before = c.Flush, c.Flush
				c.Reset()
				results := harness.Compare(b, harness.CallSlice(w.N), w.N, call, twoTicks, timeNow, atomicAdd)
				harness.Report(b, results)
				b.ReportMetric(float64(measure.Allocs(call.Run)), "allocs/call")
				b.ReportMetric(100*c.Lost(), "lost-%")
			})
		}
	}
	// What looking up known values adds to the instrument.
	for _, call := range x.calls() {
		if call.Name != "TimerVec.With,deferred" && call.Name != "Scope.Time" {
			continue
		}
		b.Run("call="+call.Name+"/beyond=instrument", func(b *testing.B) {
			call.Before, deferredTimer.Before = c.Flush, c.Flush
			results := harness.Compare(b, harness.CallSlice(1), 1, call, deferredTimer)
			b.ReportMetric(results[0].Quartiles().Median, "ns/op")
			b.ReportMetric(harness.Difference(results[0], results[1]), "more-ns/op")
		})
	}
}

// BenchmarkUnwatched measures the calls on a level that nobody watches: by name on the default recorder, which nobody consumes at the time.
func BenchmarkUnwatched(b *testing.B) {
	x := newInstruments(zibrato.With(zibrato.AtLevel(zibrato.LevelDebug)))
	for _, call := range append(byName(), x.calls()...) {
		switch call.Name {
		case "Set", "Scope.Inc", "Timer.Observe", "UpDown.Add": // as the others of their kind
			continue
		}
		b.Run("call="+call.Name, func(b *testing.B) {
			results := harness.Compare(b, harness.CallSlice(1), 1, call, emptyDefer)
			harness.Report(b, results)
			b.ReportMetric(float64(measure.Allocs(call.Run)), "allocs/call")
		})
	}
}
