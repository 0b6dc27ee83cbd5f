package zibrato

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// instrument is what the five have in common. A zero one, and the nil pointer to one, do nothing.
type instrument struct {
	on *atomicFlag
	r  *Recorder
	s  *series
}

// Timer measures how long blocks of code take. The zero Timer and nil do nothing.
type Timer struct{ i instrument }

// Start begins a timing. It is a small value, to be stopped once:
//
//	defer queries.Start().Stop()
//
// The level decides here: what was started unwatched is not recorded.
func (t *Timer) Start() Stopwatch {
	if t == nil || t.i.on == nil || t.i.on.Load() == 0 {
		return Stopwatch{}
	}
	return Stopwatch{t, clock.Ticks()}
}

// Stopwatch is a timing under way. The zero Stopwatch does nothing.
type Stopwatch struct {
	t     *Timer
	start int64
}

// Stop ends the timing and records one sample.
func (w Stopwatch) Stop() {
	if w.t != nil {
		w.t.stop(w.start)
	}
}

func (t *Timer) stop(start int64) {
	now := clock.Ticks()
	d := max(now-start, 0)
	r := t.i.r
	if !r.ring.TryPut(metric.Record{Series: t.i.s.id, Time: uint32(now >> clock.CoarseShift), Value: metric.IntValue(d)}) {
		r.ring.Add(t.i.s.id, d)
	}
}

// Do times f.
func (t *Timer) Do(f func()) {
	defer t.Start().Stop()
	f()
}

// DoErr times f and returns its error.
func (t *Timer) DoErr(f func() error) error {
	defer t.Start().Stop()
	return f()
}

// Observe records a duration that was measured elsewhere. A negative one is ignored and counted as misuse.
func (t *Timer) Observe(d time.Duration) {
	if t == nil || t.i.on == nil || t.i.on.Load() == 0 {
		return
	}
	r := t.i.r
	if d < 0 {
		r.misuse(misuseNegative, t.i.s)
		return
	}
	if !r.ring.TryPut(metric.Record{Series: t.i.s.id, Value: metric.IntValue(int64(d))}) {
		r.ring.Add(t.i.s.id, int64(d))
	}
}

// Counter counts what only grows. The zero Counter and nil do nothing.
type Counter struct{ i instrument }

// Inc adds 1.
func (c *Counter) Inc() { c.Add(1) }

// Add adds n. A negative n is ignored and counted as misuse.
func (c *Counter) Add(n int64) {
	if c == nil || c.i.on == nil || c.i.on.Load() == 0 {
		return
	}
	if n < 0 {
		c.i.r.misuse(misuseNegative, c.i.s)
		return
	}
	c.i.r.ring.Add(c.i.s.id, n)
}

// UpDown counts what goes up and down, such as open connections. The zero UpDown and nil do nothing. It misses what happens while
// its level is not watched, so keep it on a level that is always on.
type UpDown struct{ i instrument }

// Add adds n, which may be negative.
func (u *UpDown) Add(n int64) {
	if u == nil || u.i.on == nil || u.i.on.Load() == 0 {
		return
	}
	u.i.r.ring.Add(u.i.s.id, n)
}

// Gauge holds a value that is set. The zero Gauge and nil do nothing.
type Gauge struct{ i instrument }

// Set sets the value. NaN and infinities are ignored and counted as misuse.
func (g *Gauge) Set(v float64) {
	if g == nil || g.i.on == nil || g.i.on.Load() == 0 {
		return
	}
	r, s := g.i.r, g.i.s
	if !finite(v) {
		r.misuse(misuseNotFinite, s)
		return
	}
	// Rings know no order between processors, so the last value lies in one word.
	if bits := math.Float64bits(v); s.last.Load() != bits {
		s.last.Store(bits)
	}
	if !r.ring.TryPut(metric.Record{Series: s.id, Value: metric.FloatValue(v)}) {
		r.ring.Add(s.id, 0)
	}
}

// Distribution collects values whose spread matters, such as sizes. The zero Distribution and nil do nothing.
type Distribution struct{ i instrument }

// Record adds a value. NaN and infinities are ignored and counted as misuse.
func (d *Distribution) Record(v float64) {
	if d == nil || d.i.on == nil || d.i.on.Load() == 0 {
		return
	}
	r, s := d.i.r, d.i.s
	if !finite(v) {
		r.misuse(misuseNotFinite, s)
		return
	}
	if !r.ring.TryPut(metric.Record{Series: s.id, Value: metric.FloatValue(v)}) {
		r.ring.AddFloat(s.id, v)
	}
}

func finite(v float64) bool { return v-v == 0 }
