package bench

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

var errNo = errors.New("no")

func empty() {}

func emptyStop() func() { return empty }

// BenchmarkCallBaseline is what the calls of Zibrato are compared with.
func BenchmarkCallBaseline(b *testing.B) {
	b.Logf("%s %s/%s, GOMAXPROCS %d", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	begun := time.Now()
	var word atomic.Int64
	calls(b, map[string]func(){
		"call=time.Now":       func() { time.Now() },
		"call=time.Since":     func() { time.Since(begun) },
		"call=defer":          func() { defer emptyStop()() },
		"call=atomic.Add":     func() { word.Add(1) },
		"call=time.Now+Since": func() { defer func(t time.Time) { _ = time.Since(t) }(time.Now()) },
	})
}

// BenchmarkCall measures each way to record, on a level that nobody watches and on one that is. The watched ones feed a drain
// that works meanwhile, so their figures hold what it takes from them.
func BenchmarkCall(b *testing.B) {
	for _, watched := range []bool{false, true} {
		name := map[bool]string{false: "watched=no", true: "watched=yes"}[watched]
		b.Run(name, func(b *testing.B) {
			r := zibrato.Default()
			if watched {
				consume(b, r)
			}
			z := r.With(zibrato.Tag("scope", "1"))
			timer, counter, updown := r.NewTimer("bench.timer"), r.NewCounter("bench.counter"), r.NewUpDown("bench.updown")
			gauge, dist := r.NewGauge("bench.gauge"), r.NewDistribution("bench.distribution")
			vec := r.NewTimerVec("bench.vec", []string{"route", "status"})
			calls(b, map[string]func(){
				"call=Time":                  func() { defer zibrato.Time("bench.time")() },
				"call=Scope.Time":            func() { defer z.Time("bench.time")() },
				"call=TimeErr":               func() { timeErr() },
				"call=Timer.Start+Stop":      func() { timer.Start().Stop() },
				"call=defer_Timer.Start":     func() { defer timer.Start().Stop() },
				"call=Timer.Observe":         func() { timer.Observe(1) },
				"call=Counter.Inc":           func() { counter.Inc() },
				"call=UpDown.Add":            func() { updown.Add(1) },
				"call=Gauge.Set":             func() { gauge.Set(1) },
				"call=Distribution.Record":   func() { dist.Record(1) },
				"call=Inc":                   func() { zibrato.Inc("bench.inc") },
				"call=Set":                   func() { zibrato.Set("bench.set", 1) },
				"call=TimerVec.With+Observe": func() { vec.With("/orders", "200").Observe(1) },
			})
		})
	}
}

func timeErr() (err error) {
	defer zibrato.TimeErr("bench.timeerr", &err)()
	return errNo
}

// calls measures each call alone and on all processors at once. Both go through a function value, which costs the same for all; see the
// baseline's call=defer.
func calls(b *testing.B, fs map[string]func()) {
	for _, name := range slices.Sorted(maps.Keys(fs)) {
		f := fs[name]
		b.Run(name+"/on=one", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
		b.Run(name+"/on=all", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					f()
				}
			})
		})
	}
}

// consume lets a recorder record what is always on. Nothing is delivered.
func consume(b *testing.B, r *zibrato.Recorder) {
	b.Helper()
	tap, err := r.Attach(func(*metric.Batch) {})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := tap.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
}
