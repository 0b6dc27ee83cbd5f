package zibrato

import (
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

const (
	// passEvery is how long the drain waits between passes while there is something to drain. A drain that chases the
	// producers takes their cache lines away and makes every call dearer.
	passEvery = 10 * time.Millisecond
	// sweepEvery is the backstop of an idle drain, and the grain of repeated totals.
	sweepEvery = time.Second
	// repeatEvery is how often the totals of a series go out although nothing changed.
	repeatEvery = time.Minute
	// maxLooks bounds how long a flush follows producers that do not pause.
	maxLooks = 16
)

// drainLoop drains until stop is closed.
func (r *Recorder) drainLoop(stop, stopped chan struct{}) {
	defer close(stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-stop:
			return
		}
		if r.passAlone(stop) {
			timer.Reset(passEvery)
			continue
		}
		// Idle. Announce it, and look once more: what is written after that look finds the announcement and wakes us.
		wake := r.ring.Sleeping()
		if r.passAlone(stop) {
			r.ring.Awake()
			timer.Reset(passEvery)
			continue
		}
		timer.Reset(min(sweepEvery, r.cfg.AskEvery))
		select {
		case <-wake:
			timer.Reset(passEvery / 10) // let a few more come
		case <-timer.C:
			timer.Reset(0)
		case <-stop:
			return
		}
		r.ring.Awake()
	}
}

func (r *Recorder) passAlone(stop chan struct{}) bool {
	select {
	case r.draining <- struct{}{}:
		defer func() { <-r.draining }()
		return r.pass(false)
	case <-stop:
		return false
	}
}

// pass drains the ring and the cells once, and hands on the batches that are full or old enough, or all of them. It reports whether there
// was anything to do. The caller has the right to drain.
func (r *Recorder) pass(flush bool) bool {
	now, ticks, uptime := time.Now(), clock.Ticks(), time.Since(r.begun)
	r.mu.Lock()
	all := r.all // grows only, so that the header is a snapshot
	levels := make([]*level, 0, 8)
	for _, l := range r.levels {
		levels = append(levels, l)
		if r.full[l] {
			delete(r.full, l)
			if l.wanted.Load() != 0 {
				r.markAll(all, l, uptime)
			}
		}
	}
	r.mu.Unlock()

	p := drainPass{r: r, all: all, now: now, ticks: ticks, uptime: uptime}
	// One look drains what was there when it began, unless that was very much.
	for range maxLooks {
		if r.ring.Drain(p.records) == 0 || !flush {
			break
		}
	}
	p.cells()
	if flush || uptime-r.swept >= sweepEvery {
		r.swept = uptime
		p.repeats()
	}
	if !flush && uptime-r.asked >= r.cfg.AskEvery {
		r.asked = uptime
		r.askAll()
	}
	busy := p.busy
	for _, l := range levels {
		if !l.batch.waiting {
			continue
		}
		busy = true
		if flush || uptime-l.batch.since >= r.cfg.Latency {
			p.hand(l)
		}
	}
	return busy
}

// markAll lets the totals of all series of the level go out with this pass.
func (r *Recorder) markAll(all []*series, l *level, uptime time.Duration) {
	for _, s := range all {
		if s.level == l && s.born {
			s.repeat = uptime
			r.swept = -sweepEvery
		}
	}
}

// drainPass is one pass of the drain.
type drainPass struct {
	r      *Recorder
	all    []*series
	now    time.Time
	ticks  int64
	uptime time.Duration
	busy   bool
}

// records folds records into totals and batches.
func (p *drainPass) records(recs []metric.Record) {
	p.busy = true
	for i := range recs {
		rec := &recs[i]
		if int(rec.Series) >= len(p.all) { // registered after the snapshot was taken
			p.r.mu.Lock()
			p.all = p.r.all
			p.r.mu.Unlock()
		}
		s := p.all[rec.Series]
		p.sample(s, rec.Time, rec.Value)
		s.fold(1, rec.Value)
		p.changed(s)
		p.handFull(s.level)
	}
}

// cells reads what was counted in cells since the last pass.
func (p *drainPass) cells() {
	lost := int64(0)
	for _, s := range p.all {
		lost += p.cell(s)
	}
	if lost > 0 {
		p.r.lost.Add(lost)
		p.cell(p.r.lostAt)
	}
}

// cell does so for one series, and returns how many samples were lost.
func (p *drainPass) cell(s *series) (lost int64) {
	var grown metric.Totals
	switch {
	case s.read != nil:
		n := s.read()
		grown = metric.Totals{Count: uint64(n), Sum: metric.IntValue(n)}
	case s.kind == metric.Distribution:
		n, sum := p.r.ring.CellFloat(s.id)
		grown = metric.Totals{Count: n, Sum: metric.FloatValue(sum)}
	default:
		n, sum := p.r.ring.Cell(s.id)
		grown = metric.Totals{Count: n, Sum: metric.IntValue(sum)}
	}
	if grown == s.inCells {
		return 0
	}
	p.busy = true
	calls := grown.Count - s.inCells.Count
	was := s.inCells
	s.inCells = grown
	switch s.kind {
	case metric.Counter:
		sum := metric.IntValue(max(grown.Sum.Int()-was.Sum.Int(), 0)) // a cell that overflowed has shrunk
		if sum.Int() != 0 || calls != 0 {
			p.sample(s, 0, sum)
		}
		s.fold(calls, sum)
	case metric.UpDown:
		p.touch(s)
		s.fold(calls, metric.IntValue(grown.Sum.Int()-was.Sum.Int()))
		p.sample(s, 0, s.total.Sum)
	case metric.Timer:
		p.touch(s)
		s.fold(calls, metric.IntValue(max(grown.Sum.Int()-was.Sum.Int(), 0)))
		lost += int64(calls)
	case metric.Gauge:
		// The calls found no room, but the last of them lies in the gauge's word.
		p.sample(s, 0, metric.Value(s.last.Load()))
		s.fold(calls, 0)
		lost += int64(calls) - 1
	case metric.Distribution:
		p.touch(s)
		// The drain alone adds to the total, so take the cells' growth as a difference of sums.
		s.fold(calls, metric.FloatValue(grown.Sum.Float()-was.Sum.Float()))
		lost += int64(calls)
	}
	p.changed(s)
	p.handFull(s.level)
	return lost
}

// changed notes that the series' totals changed, so that they are repeated.
func (p *drainPass) changed(s *series) {
	if !s.born && s.total != (metric.Totals{}) {
		s.born, s.birth = true, p.uptime
	}
	s.changed, s.repeat = p.uptime, p.uptime+time.Second
}

// repeats puts totals into batches again 1, 2, 4 … 32 s after their last change and then every minute, so that a receiver that lost
// a batch learns what was in it.
func (p *drainPass) repeats() {
	for _, s := range p.all {
		if !s.born || s.repeat > p.uptime {
			continue
		}
		p.touch(s)
		if age := p.uptime - s.changed; age < 32*time.Second {
			s.repeat = p.uptime + max(age, time.Second)
		} else {
			s.repeat = p.uptime + repeatEvery
		}
		p.handFull(s.level)
	}
}
