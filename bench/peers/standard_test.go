package peers

import (
	"context"
	"expvar"
	"runtime/trace"
	"testing"
	"time"
)

// https://pkg.go.dev/expvar has no timers.
func standardExpvar(testing.TB) jobs {
	counter, gauge, named := new(expvar.Int), new(expvar.Float), new(expvar.Map) // published ones cannot be made twice
	return jobs{
		counter: func(n int) {
			for range n {
				counter.Add(1)
			}
		},
		named: func(n int) {
			for range n {
				named.Add("jobs", 1)
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Set(float64(i))
			}
		},
	}
}

// https://pkg.go.dev/runtime/trace: "defer trace.StartRegion(ctx, "myRegion").End()", while the flight recorder runs.
func runtimeTrace(tb testing.TB) jobs {
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	must(tb, recorder.Start())
	tb.Cleanup(recorder.Stop)
	return jobs{
		timer: repeat(traceRegion),
		call:  traceRegion,
		block: func(steps int) {
			defer trace.StartRegion(context.Background(), "region").End()
			spin(steps)
		},
	}
}

// The same while nobody traces.
func runtimeTraceOff(testing.TB) jobs { return jobs{off: repeat(traceRegion)} }

func traceRegion() { defer trace.StartRegion(context.Background(), "region").End() }

// Two readings of the clock of which nothing is made: what most libraries do before they begin to record.
func bareClock(testing.TB) jobs {
	return jobs{
		timer: repeat(bareTimer),
		call:  bareTimer,
		block: func(steps int) {
			defer bareSince(time.Now())
			spin(steps)
		},
	}
}

func bareTimer() { defer bareSince(time.Now()) }

func bareSince(begun time.Time) { _ = time.Since(begun) }
