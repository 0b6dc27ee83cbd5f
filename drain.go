package zibrato

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

const (
	// linger is for how long the drain goes on looking by itself after it last found something. Then it sleeps until a call wakes it,
	// which is dear for that call.
	linger = 2 * time.Second
	// settle is how long a store may take to become visible, and much more than that. See ring.Ring.Sleeping.
	settle = time.Millisecond
	// sweepEvery is the backstop of an idle drain, and the grain of repeated totals.
	sweepEvery = time.Second
	// reportEvery is how often the recorder reports about itself while it records.
	reportEvery = time.Second
	// repeatEvery is how often the totals of a series go out although nothing changed.
	repeatEvery = time.Minute
	// eagerly is how many batches go without waiting after somebody began to listen.
	eagerly = 4
)

// drainLoop drains until stop is closed.
func (r *Recorder) drainLoop(stop, stopped chan struct{}) {
	defer close(stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	pace := newPacer(r.ring.Room())
	quiet, due := time.Duration(0), time.Time{} // due: when the timer is; zero where that tells nothing
	wait := func(d time.Duration) {
		if due = time.Now().Add(d); d == 0 {
			due = time.Time{}
		}
		timer.Reset(d)
	}
	for {
		longest := passSeldom
		select {
		case <-timer.C:
			if !due.IsZero() {
				pace.late = time.Since(due)
			}
		case <-r.hurry:
			longest = passEvery // for who is in a hurry, too, it takes a second pass: the first one's records came before
		case <-r.ring.Filling():
			if early := passLeast - time.Since(pace.begun); early > 0 {
				wait(early)
				continue
			}
		case <-stop:
			return
		}
		select {
		case <-r.ring.Filling(): // what it tells of, this pass takes
		default:
		}
		elapsed := pace.begin()
		found, next := r.passAlone(stop)
		if found > 0 {
			quiet = 0
		} else {
			quiet += elapsed
		}
		if quiet < linger {
			wait(min(pace.wait(found, elapsed, min(longest, r.longestWait())), next))
			continue
		}
		if !r.sleep(timer, stop) {
			return
		}
		quiet = 0
		pace.begin()
		wait(passEvery / 10) // let a few more come
	}
}

// longestWait returns for how long records may wait for a pass.
func (r *Recorder) longestWait() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.levels {
		if l.wanted.Load()&wantSamples != 0 {
			return passSamples
		}
	}
	return passSeldom
}

// sleep waits until something was recorded, passing once a second meanwhile. It returns false when stop is closed.
func (r *Recorder) sleep(timer *time.Timer, stop chan struct{}) bool {
	// Announce it, and look once more: what is written after that look finds the announcement and wakes us.
	wake := r.ring.Sleeping()
	defer r.ring.Awake()
	timer.Reset(settle)
	for {
		select {
		case <-wake:
			return true
		case <-r.hurry:
			return true
		case <-timer.C:
		case <-stop:
			return false
		}
		found, next := r.passAlone(stop)
		if found > 0 {
			return true
		}
		timer.Reset(next)
	}
}

// passAlone makes a pass, and returns how many records and changed cells it found, and when the next one is due if nothing more comes.
func (r *Recorder) passAlone(stop chan struct{}) (found int, next time.Duration) {
	select {
	case r.draining <- struct{}{}:
		defer func() { <-r.draining }()
		return r.pass(false), r.untilDue()
	case <-stop:
		return 0, sweepEvery
	}
}

// untilDue returns how long an idle drain may sleep: until a batch is old enough, gauges are to be asked, or the backstop.
func (r *Recorder) untilDue() time.Duration {
	wait := min(sweepEvery, r.cfg.AskEvery)
	if r.due > 0 {
		wait = min(wait, max(r.due-time.Since(r.begun), time.Millisecond))
	}
	return wait
}

// pass drains the ring and the cells once, and hands on the batches that are full or old enough, or all of them. It returns how many
// records and changed cells it found. The caller has the right to drain.
func (r *Recorder) pass(flush bool) int {
	p := r.newPass()
	p.welcome()
	empties.time()
	r.ring.Drain(p.records) // all that was there when it began
	p.cells()
	p.merged()
	p.troubles()
	if p.uptime-r.self.looked >= reportEvery {
		r.self.looked = p.uptime
		clock.Supervise()
		if p.hasNews() {
			p.report()
		}
	}
	if flush || p.uptime-r.swept >= sweepEvery {
		p.repeats()
		r.swept = p.uptime
	}
	if !flush && p.uptime-r.asked >= r.cfg.AskEvery {
		r.asked = p.uptime
		r.askAll()
	}
	r.due = 0
	for _, l := range p.levels {
		for d := range l.out {
			p.handOld(l, &l.out[d], flush)
		}
	}
	if p.found > 0 {
		p.spent()
	}
	return p.found
}

// handOld hands on a batch that is old enough. The first after a pause goes at once, and so do some after somebody began to
// listen, so that they see something.
func (p *drainPass) handOld(l *level, b *batcher, flush bool) {
	if !b.waiting {
		return
	}
	latency := p.r.cfg.Latency
	if b.detail == metric.Summaries {
		latency = p.r.cfg.SummaryEvery
	}
	if b.eager > 0 {
		b.eager--
	} else if due := time.Duration(saturate(int64(b.handed), int64(latency))); !flush && p.uptime < due {
		if p.r.due == 0 || due < p.r.due {
			p.r.due = due
		}
		return
	}
	p.hand(l, b, nil)
}

// drainPass is one pass of the drain.
type drainPass struct {
	r      *Recorder
	n      uint64 // its number
	all    []*series
	levels []*level
	now    time.Time
	ticks  int64
	uptime time.Duration
	found  int

	scale   clock.Scale
	longest int64    // that a timing can have taken, in nanoseconds
	bursts  []*burst // by series; nil but for those that have begun
	begun   []*burst
}

func (r *Recorder) newPass() *drainPass {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passes++
	p := &r.passing
	*p = drainPass{r: r, n: r.passes, levels: p.levels, bursts: p.bursts, begun: p.begun, now: time.Now(), ticks: clock.Ticks(), uptime: time.Since(r.begun)}
	p.look()
	return p
}

// look takes a snapshot of what exists. The caller holds mu.
func (p *drainPass) look() {
	p.r.stretch++
	p.all, p.levels = p.r.all, p.levels[:0]
	for _, l := range p.r.levels {
		p.levels = append(p.levels, l)
	}
}

func (p *drainPass) allNow() []*series {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	p.all = p.r.all
	return p.all
}

// cells reads the cells that were written to since the last pass.
func (p *drainPass) cells() {
	lost := int64(0)
	p.r.ring.Changed(func(first, last uint32) {
		all := p.all
		if int(last) > len(all) {
			all = p.allNow()
		}
		for _, s := range all[min(int(first), len(all)):min(int(last), len(all))] {
			lost += p.cell(s)
		}
	})
	p.r.lost.Add(lost)
}

// cell does so for one series, and returns how many samples were lost.
func (p *drainPass) cell(s *series) (lost int64) {
	var grown metric.Totals
	if s.kind == metric.Distribution {
		n, sum := p.r.ring.CellFloat(s.id)
		grown = metric.Totals{Count: n, Sum: metric.FloatValue(sum)}
	} else {
		n, sum := p.r.ring.Cell(s.id)
		grown = metric.Totals{Count: n, Sum: metric.IntValue(sum)}
	}
	if grown == s.inCells {
		return 0
	}
	p.admit()
	was := s.inCells
	s.inCells = grown
	calls := grown.Count - was.Count
	p.found++
	p.change(s)
	p.r.tally.cells += calls
	switch s.kind {
	case metric.Counter:
		p.count(s, calls, increase(grown, was))
	case metric.UpDown:
		s.fold(calls, metric.IntValue(grown.Sum.Int()-was.Sum.Int()))
		p.sample(s, 0, s.total.Sum)
	case metric.Timer:
		s.fold(calls, metric.IntValue(increase(grown, was)))
		lost = int64(calls)
	case metric.Gauge:
		// The calls found no room, but the last of them lies in the gauge's word.
		p.sample(s, 0, metric.Value(s.last.Load()))
		s.fold(calls, 0)
		lost = int64(calls) - 1
	case metric.Distribution:
		// The drain alone adds to the total, so take the cells' growth as a difference of sums.
		s.fold(calls, metric.FloatValue(grown.Sum.Float()-was.Sum.Float()))
		lost = int64(calls)
	}
	p.handFull(s.level)
	return lost
}

// increase returns by how much cells grew that never shrink. What looks like shrinking is growth by more than an integer holds.
func increase(now, was metric.Totals) int64 {
	if d := now.Sum.Int() - was.Sum.Int(); d >= 0 {
		return d
	}
	return math.MaxInt64
}

// count adds to a counter.
func (p *drainPass) count(s *series, calls uint64, grown int64) {
	sum := metric.IntValue(grown)
	p.sample(s, 0, sum)
	s.fold(calls, sum)
}

// change prepares a series for a change of its totals: it enters its level's batches, and is repeated later.
func (p *drainPass) change(s *series) {
	if s.seen == p.n && s.entered() {
		return
	}
	s.seen = p.n
	if !s.born {
		s.born, s.birth = true, p.uptime
	}
	p.touch(s)
	if s.kind == metric.Timer && s.entry[metric.Summaries] >= 0 && s.entry[metric.Samples] < 0 && s.level.wanted.Load() == wantSummaries {
		s.lean = p.r.stretch
		if s.burst == nil {
			s.burst = &burst{s: s}
		}
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
