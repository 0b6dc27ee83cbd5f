//go:build !race && !386

// The race detector allocates on its own; on 386 an atomic load is a call, with which Time does not fit the inliner's budget.

package zibrato_test

import (
	"errors"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func timed(z *zibrato.Scope)         { defer z.Time("alloc")() }
func timedByPackage()                { defer zibrato.Time("alloc")() }
func timedByInstrument()             { defer allocTimer.Start().Stop() }
func timedErr(z *zibrato.Scope)      { var err error; defer z.TimeErr("alloc", &err)() }
func timedErrByPackage() (err error) { defer zibrato.TimeErr("alloc", &err)(); return errNo }

var (
	allocTimer = zibrato.NewTimer("alloc")
	errNo      = errors.New("no")
)

func TestCallsDoNotAllocate(t *testing.T) {
	std := zibrato.Default()
	z := zibrato.With(zibrato.Tag("scope", "1"))
	vec := z.NewTimerVec("alloc", []string{"route", "status"})
	counters := z.NewCounterVec("alloc", []string{"k"})
	counter, updown, gauge, dist := z.NewCounter("alloc"), z.NewUpDown("alloc"), z.NewGauge("alloc"), z.NewDistribution("alloc")
	route := string([]byte("/a")) // built at run time
	work := func() {}
	fails := func() error { return errNo }
	calls := map[string]func(){
		"Time":            timedByPackage,
		"TimeErr":         func() { timedErrByPackage() },
		"Do":              func() { zibrato.Do("alloc", work) },
		"DoErr":           func() { zibrato.DoErr("alloc", fails) },
		"Observe":         func() { zibrato.Observe("alloc", 1) },
		"Inc":             func() { zibrato.Inc("alloc") },
		"Count":           func() { zibrato.Count("alloc", 2) },
		"Set":             func() { zibrato.Set("alloc", 1) },
		"Record":          func() { zibrato.Record("alloc", 1) },
		"Scope.Time":      func() { timed(z) },
		"Scope.TimeErr":   func() { timedErr(z) },
		"Scope.Inc":       func() { z.Inc("alloc") },
		"Recorder.Time":   func() { defer std.Time("alloc")() },
		"Timer":           timedByInstrument,
		"Timer.Do":        func() { allocTimer.Do(work) },
		"Stopwatch":       func() { allocTimer.Start().StopAs(vec.With("ended", "200")) },
		"Counter":         counter.Inc,
		"UpDown":          func() { updown.Add(-1) },
		"Gauge":           func() { gauge.Set(1) },
		"Distribution":    func() { dist.Record(1) },
		"TimerVec.With":   func() { defer vec.With(route, "200").Start().Stop() },
		"CounterVec.With": func() { counters.With(route).Inc() },
	}
	check := func(state string) {
		t.Helper()
		for name, f := range calls {
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s, %s: %v allocations", name, state, n)
			}
		}
	}
	check("unwatched")
	tap, err := std.Attach(func(*metric.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close(patient(t))
	tap.Watch(nil, nil) // info is always on; the drain delivers nothing, so that it hardly allocates either
	for _, f := range calls {
		f() // the first call finds the series and the ring its memory
	}
	check("watched")
}
