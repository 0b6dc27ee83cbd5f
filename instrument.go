package zibrato

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/internal/line"
	"github.com/zibrato/zibrato/internal/release"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// The five instruments have alike fields, which a call finds on one cache line that nobody writes while the
// levels stay as they are: its flag, where it records, and its series. They are not a struct within the struct, with which Start would not fit
// the inliner's budget. A zero instrument is off for ever. Assembly reads those of Timer and Counter, see whole_amd64.go.

// Timer measures how long blocks of code take. The zero Timer and nil do nothing.
type Timer struct {
	on   atomicFlag // 1: record. Written by the recorder under its mutex when its level goes on or off, read by every call
	id   uint32
	ring *ring.Ring
	s    *series
}

// Start begins a timing. It is a small value, to be stopped once:
//
//	defer queries.Start().Stop()
//
// The level decides here: what was started unwatched is not recorded.
func (t *Timer) Start() Stopwatch {
	if t == nil || t.on.Load() == 0 {
		return Stopwatch{}
	}
	return Stopwatch{t, clock.Ticks()}
}

// Stopwatch is a timing under way. The zero Stopwatch does nothing; it is also what Start returns while nobody watches.
type Stopwatch struct {
	t     *Timer
	start int64
}

// Stop ends the timing and records one sample, each time that it is called. Any goroutine may call it.
func (w Stopwatch) Stop() {
	if w.t != nil {
		w.t.stop(w.start)
	}
}

// StopAs ends the timing and records the sample on another timer, where only the end tells which one it belongs to:
//
//	timing := requests.With("ok").Start()
//	…
//	timing.StopAs(requests.With(outcome))
//
// Whether it is recorded was decided at the start, by the level of the timer that was started. On nil and zero timers nothing is.
func (w Stopwatch) StopAs(t *Timer) {
	if w.t == nil {
		return
	}
	end := clock.Ticks()
	if t != nil && t.ring != nil {
		t.record(w.start, end)
	}
}

// record puts what lies between two readings of the clock. The drain converts and corrects it.
func (t *Timer) record(start, end int64) { t.ring.PutTiming(t.id, start, end) }

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

// Observe records a duration that was measured elsewhere, as it is: what the measuring itself took is not subtracted. A negative one is
// ignored and counted as misuse.
func (t *Timer) Observe(d time.Duration) {
	if t == nil || t.on.Load() == 0 {
		return
	}
	if d < 0 {
		t.s.r.misuse(misuseNegative, t.s)
		return
	}
	t.ring.Put(metric.Record{Series: t.id, Value: metric.IntValue(int64(d))}, ring.Int)
}

// Counter counts what only grows. The zero Counter and nil do nothing. A total that has no room in an int64 stays at its limit, as does
// that of a timer's nanoseconds. What comes to 2^64 or more between two passes of the drain, a fraction of a second as a rule, is taken for that much less.
type Counter struct {
	on    atomicFlag // see Timer
	cells ring.Cells
	s     *series
}

// Inc adds 1.
func (c *Counter) Inc() {
	if c != nil && c.on.Load() != 0 {
		c.cells.Add(1)
	}
}

// Add adds n. A negative n is ignored and counted as misuse.
func (c *Counter) Add(n int64) {
	if c == nil || c.on.Load() == 0 {
		return
	}
	if n < 0 {
		c.s.r.misuse(misuseNegative, c.s)
		return
	}
	c.cells.Add(n)
}

// UpDown counts what goes up and down, such as open connections. The zero UpDown and nil do nothing. It misses what happens while
// its level is not watched, so keep it on a level that is always on. Beyond what an int64 holds its value wraps around.
type UpDown struct {
	on    atomicFlag // see Timer
	cells ring.Cells
	s     *series
}

// Add adds n, which may be negative.
func (u *UpDown) Add(n int64) {
	if u != nil && u.on.Load() != 0 {
		u.cells.Add(n)
	}
}

// Gauge holds a value that is set. The zero Gauge and nil do nothing.
type Gauge struct {
	on   atomicFlag // see Timer
	id   uint32
	ring *ring.Ring
	s    *series

	_ [line.Size / 2]byte // a whole line on amd64: Set loads s, too. See line.Stored
}

// Set sets the value. NaN and infinities are ignored and counted as misuse.
func (g *Gauge) Set(v float64) {
	if g == nil || g.on.Load() == 0 {
		return
	}
	if !finite(v) {
		g.s.r.misuse(misuseNotFinite, g.s)
		return
	}
	// Rings know no order between processors, so the last value lies in one word, the only one that every core writes. It is not compared before: a store waits for
	// the line in the processor's buffer while the goroutine goes on, and a comparison would make it wait. The price is that equal values, too, take the line from core to core.
	release.Store(&g.s.last, math.Float64bits(v))
	g.ring.Put(metric.Record{Series: g.id, Value: metric.FloatValue(v)}, ring.CountOnly)
}

// Distribution collects values whose spread matters, such as sizes. The zero Distribution and nil do nothing. What would take the sum beyond
// a float64 is counted, and not added.
type Distribution struct {
	on   atomicFlag // see Timer
	id   uint32
	ring *ring.Ring
	s    *series
}

// Record adds a value. NaN and infinities are ignored and counted as misuse.
func (d *Distribution) Record(v float64) {
	if d == nil || d.on.Load() == 0 {
		return
	}
	if !finite(v) {
		d.s.r.misuse(misuseNotFinite, d.s)
		return
	}
	d.ring.Put(metric.Record{Series: d.id, Value: metric.FloatValue(v)}, ring.Float)
}

func finite(v float64) bool { return v-v == 0 }

// newHandle makes the instrument of a series, and returns its flag.
func newHandle(r *Recorder, s *series) (handle any, on *atomicFlag) {
	switch s.kind {
	case metric.Timer:
		t := &Timer{id: s.id, ring: r.ring, s: s}
		return t, &t.on
	case metric.Counter:
		c := &Counter{cells: r.ring.Cells(s.id), s: s}
		return c, &c.on
	case metric.UpDown:
		u := &UpDown{cells: r.ring.Cells(s.id), s: s}
		return u, &u.on
	case metric.Gauge:
		g := &Gauge{id: s.id, ring: r.ring, s: s}
		return g, &g.on
	default:
		d := &Distribution{id: s.id, ring: r.ring, s: s}
		return d, &d.on
	}
}
