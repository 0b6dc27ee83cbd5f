package bench

import (
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

// A subject is a call that is measured. run makes it n times, in a loop of its own.
type subject struct {
	key, code string
	run       func(n int)
}

// The keys that the report's conclusion looks for.
const (
	keyTimeNow = "time.Now"
	keyTime    = "zibrato.Time"
)

// yardsticks are what calls are compared with. The first one is time.Now.
func yardsticks() []subject {
	var word atomic.Int64
	return []subject{
		{keyTimeNow, "time.Now()", func(n int) {
			for range n {
				time.Now()
			}
		}},
		{"counter", "2 reads of the processor's counter", func(n int) {
			for range n {
				measure.Ticks()
				measure.Ticks()
			}
		}},
		{"time.Now+Since", "time.Now() … time.Since(t)", func(n int) {
			for range n {
				_ = time.Since(time.Now())
			}
		}},
		{"defer", "defer f()(), f doing nothing", func(n int) {
			for range n {
				deferEmpty()
			}
		}},
		{"atomic.Add", "atomic add to one word", func(n int) {
			for range n {
				word.Add(1)
			}
		}},
	}
}

// prefix begins the names of all series that the calls record on.
const prefix = "bench."

// calls are all kinds of calls to the default recorder.
func calls() []subject {
	var (
		timer   = zibrato.NewTimer(prefix + "Timer")
		observe = zibrato.NewTimer(prefix + "Timer.Observe")
		vec     = zibrato.NewTimerVec(prefix+"TimerVec", []string{"route", "status"})
		counter = zibrato.NewCounter(prefix + "Counter")
		updown  = zibrato.NewUpDown(prefix + "UpDown")
		gauge   = zibrato.NewGauge(prefix + "Gauge")
		dist    = zibrato.NewDistribution(prefix + "Distribution")
		scope   = zibrato.With(zibrato.Tag("scope", "bench"))
	)
	return []subject{
		{keyTime, `defer zibrato.Time("x")()`, func(n int) {
			for range n {
				deferTime()
			}
		}},
		{"zibrato.TimeErr", `defer zibrato.TimeErr("x", &err)()`, func(n int) {
			for range n {
				_ = deferTimeErr()
			}
		}},
		{"Scope.Time", `defer scope.Time("x")()`, func(n int) {
			for range n {
				deferScopeTime(scope)
			}
		}},
		{"defer Timer.Start.Stop", "defer timer.Start().Stop()", func(n int) {
			for range n {
				deferTimer(timer)
			}
		}},
		{"Timer.Start.Stop", "timer.Start() … Stop()", func(n int) {
			for range n {
				timer.Start().Stop()
			}
		}},
		{"TimerVec.With.Start.Stop", "timers.With(a, b).Start() … Stop()", func(n int) {
			for range n {
				vec.With("/orders", "200").Start().Stop()
			}
		}},
		{"Timer.Observe", "timer.Observe(d)", func(n int) {
			for i := range n {
				observe.Observe(time.Duration(i))
			}
		}},
		{"zibrato.Inc", `zibrato.Inc("x")`, func(n int) {
			for range n {
				zibrato.Inc("bench.Inc")
			}
		}},
		{"Counter.Inc", "counter.Inc()", func(n int) {
			for range n {
				counter.Inc()
			}
		}},
		{"UpDown.Add", "updown.Add(1)", func(n int) {
			for range n {
				updown.Add(1)
			}
		}},
		{"zibrato.Set", `zibrato.Set("x", v)`, func(n int) {
			for i := range n {
				zibrato.Set("bench.Set", float64(i))
			}
		}},
		{"Gauge.Set", "gauge.Set(v)", func(n int) {
			for i := range n {
				gauge.Set(float64(i))
			}
		}},
		{"Distribution.Record", "distribution.Record(v)", func(n int) {
			for i := range n {
				dist.Record(float64(i))
			}
		}},
	}
}
