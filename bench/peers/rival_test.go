package peers

import (
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// A rival is a library with a way to use it.
type rival struct {
	name  string
	start func(tb testing.TB) jobs // sets it up as its documentation says, until the test ends
}

// jobs are what a library can be asked to do. Each does it n times; nil: it cannot.
type jobs struct {
	timer   func(n int) // time an empty block and record it, with what is to be had beforehand had beforehand
	labels  func(n int) // the same, with two label values that are looked up in each call
	counter func(n int) // add one to a counter that is at hand
	named   func(n int) // add one to a counter that is found by its name in each call
	gauge   func(n int) // set a gauge that is at hand to varying values
	off     func(n int) // time an empty block where timing is switched off

	call  func()          // the timer once, as a call
	block func(steps int) // time a computation of so many steps; nil where timer is

	// seen returns how many timings the library knows of and, where it tells, their sum in nanoseconds; nil: it keeps none.
	seen func() (count int, nanos float64)
	// ready is called before each slice, and not timed.
	ready func()
}

// rivals has what is ours first; the others are in the order of their names.
var rivals = []rival{
	{"zibrato", zibratoByName},
	{"zibrato-instrument", zibratoInstrument},
	{"VictoriaMetrics", victoriaMetrics},
	{"cactus-statsd", cactus},
	{"datadog", datadog},
	{"datadog-extended", datadogExtended},
	{"expvar", standardExpvar},
	{"hashicorp", hashicorp},
	{"opentelemetry", openTelemetry},
	{"prometheus", prometheusClassic},
	{"prometheus-native", prometheusNative},
	{"rcrowley", rcrowley},
	{"runtime-trace", runtimeTrace},
	{"runtime-trace-off", runtimeTraceOff},
	{"tally", uberTally},
	{bare, bareClock},
}

// bare is no library but what many begin with.
const bare = "time.Now+Since"

// repeat makes a job of a call that cannot be inlined anyway, since it defers.
func repeat(call func()) func(n int) {
	return func(n int) {
		for range n {
			call()
		}
	}
}

// spin is the computation that is timed. Its result goes nowhere, but the compiler does not know.
//
//go:noinline
func spin(steps int) uint64 { return measure.Spin(steps) }

// until polls until done reports true, and fails when it does not come to that.
func until(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}
