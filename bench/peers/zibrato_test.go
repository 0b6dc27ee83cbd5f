package peers

import (
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
)

// Zibrato by name: the functions of the package, on the default recorder.
func zibratoByName(tb testing.TB) jobs {
	c := harness.Consume(tb, zibrato.Default())
	c.Reset()
	gauge := zibrato.NewGauge("peers.gauge")
	vec := zibrato.NewTimerVec("peers.vec", []string{"method", "code"})
	debug := zibrato.New(zibrato.Config{}).With(zibrato.AtLevel(zibrato.LevelDebug)) // nobody watches
	counter := zibrato.NewCounter("peers.counter")
	return jobs{
		timer: repeat(zibratoTime),
		labels: func(n int) {
			for range n {
				zibratoVec(vec)
			}
		},
		counter: func(n int) {
			for range n {
				counter.Inc()
			}
		},
		named: func(n int) {
			for range n {
				zibrato.Inc("peers.named")
			}
		},
		gauge: func(n int) {
			for i := range n {
				gauge.Set(float64(i))
			}
		},
		off: func(n int) {
			for range n {
				zibratoScope(debug)
			}
		},
		call: zibratoTime,
		block: func(steps int) {
			defer zibrato.Time("peers.block")()
			spin(steps)
		},
		seen: func() (int, float64) {
			n := c.Calls()
			return int(n), c.MeanNanos() * float64(n)
		},
		ready: c.Flush,
	}
}

func zibratoTime() { defer zibrato.Time("peers.time")() }

func zibratoScope(z *zibrato.Scope) { defer z.Time("peers.time")() }

func zibratoVec(v *zibrato.TimerVec) { defer v.With("GET", "200").Start().Stop() }

// Zibrato by instrument, as its documentation recommends for hot code. A recorder of its own keeps it apart from the other, which runs beside it.
func zibratoInstrument(tb testing.TB) jobs {
	r := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, r)
	timer := r.NewTimer("peers.timer")
	off := zibrato.New(zibrato.Config{}).NewTimer("peers.timer", zibrato.AtLevel(zibrato.LevelDebug))
	return jobs{
		timer: func(n int) {
			for range n {
				zibratoTimer(timer)
			}
		},
		off: func(n int) {
			for range n {
				zibratoTimer(off)
			}
		},
		call: func() { zibratoTimer(timer) },
		block: func(steps int) {
			defer timer.Start().Stop()
			spin(steps)
		},
		seen: func() (int, float64) {
			n := c.Calls()
			return int(n), c.MeanNanos() * float64(n)
		},
		ready: c.Flush,
	}
}

func zibratoTimer(t *zibrato.Timer) { defer t.Start().Stop() }
