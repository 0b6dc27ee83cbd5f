package zibrato

import (
	"math"
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
	// batchBytes is when a batch is full.
	batchBytes = 60 << 10
	// repeatEvery is how often the totals of a series go out although nothing changed.
	repeatEvery = time.Minute
	// maxLooks bounds how long a flush follows producers that do not pause.
	maxLooks = 16
	// lookback is how far before a batch's first pass its samples may lie.
	lookback = time.Minute
)

// batcher builds a level's batch. The drain owns it.
type batcher struct {
	b       metric.Batch
	series  []*series // behind b.Entries
	seq     uint64
	bytes   int
	since   time.Duration // uptime of the first thing in it
	handed  time.Duration // uptime of the last batch
	waiting bool          // it holds something
}

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

// touch puts the series into its level's batch, before its totals change. It reports whether there is a batch.
func (p *drainPass) touch(s *series) bool {
	b := &s.level.batch
	if s.level.wanted.Load() == 0 {
		return false
	}
	if s.entry >= 0 {
		return true
	}
	if s.wire == nil {
		w := s.desc
		if w.Source == "" {
			w.Source = p.r.cfg.Source
		}
		s.wire = &w
	}
	if !b.waiting {
		b.waiting, b.since = true, p.uptime
		b.b.Base = p.now.Add(-lookback)
	}
	s.entry = len(b.b.Entries)
	b.b.Entries = append(b.b.Entries, metric.Entry{ID: s.id, Series: s.wire, Before: s.total})
	b.series = append(b.series, s)
	b.bytes += metric.EntrySize(s.wire)
	return true
}

// sample adds a sample to the level's batch. coarse 0 means now.
func (p *drainPass) sample(s *series, coarse uint32, v metric.Value) {
	if !p.touch(s) {
		return
	}
	at := p.now
	if coarse != 0 {
		at = clock.Wall(coarse, p.ticks, p.now)
	}
	b := &s.level.batch
	us := at.Sub(b.b.Base).Microseconds()
	b.b.Samples = append(b.b.Samples, metric.Sample{
		Entry: uint32(s.entry),
		Time:  uint32(min(max(us, 0), math.MaxUint32)),
		Value: v,
	})
	b.bytes += metric.SampleSize
}

// handFull delivers the level's batch when it is full. No entry's totals may be about to change.
func (p *drainPass) handFull(l *level) {
	if l.batch.bytes >= batchBytes {
		p.hand(l)
	}
}

// hand delivers the level's batch to those who want it.
func (p *drainPass) hand(l *level) { p.handTo(l, nil) }

// handTo does, and marks the batch final for one of them.
func (p *drainPass) handTo(l *level, last *Tap) {
	r, b := p.r, &l.batch
	if !b.waiting {
		return
	}
	b.seq++
	b.b.Process, b.b.Level, b.b.Seq = r.process, l.label, b.seq
	b.b.Uptime = time.Since(r.begun)
	b.b.Interval = b.b.Uptime - b.handed
	b.handed = b.b.Uptime
	for i, s := range b.series {
		e := &b.b.Entries[i]
		e.After, e.Birth = s.total, s.birth
		p.orderGauge(s, b.b.Samples, uint32(i))
		s.entry = -1
	}
	r.mu.Lock()
	taps := r.taps
	var to []*Tap
	for _, t := range taps {
		if t.wants(l.label) {
			to = append(to, t)
		}
	}
	if len(to) > 0 {
		b.b.Notices, r.notices = r.notices, nil
	}
	r.mu.Unlock()
	for _, t := range to {
		b.b.Final = t == last
		t.deliver(&b.b)
	}
	b.b.Reset()
	clear(b.series)
	b.series, b.bytes, b.waiting = b.series[:0], 0, false
}

// orderGauge makes the sample last that was set last. Samples of different processors come in the order of processors, and one may miss
// the batch that a later one of another processor is in.
func (p *drainPass) orderGauge(s *series, samples []metric.Sample, entry uint32) {
	if s.kind != metric.Gauge {
		return
	}
	word, last := metric.Value(s.last.Load()), -1
	for i := len(samples) - 1; i >= 0; i-- {
		if samples[i].Entry != entry {
			continue
		}
		if last < 0 {
			last = i
		}
		if samples[i].Value == word {
			samples[i].Value, samples[last].Value = samples[last].Value, samples[i].Value
			s.sent = word
			return
		}
	}
	if last < 0 {
		return
	}
	if s.sent == word { // it went out before what was set before it
		samples[last].Value = word
		p.r.lost.Inc()
	}
	s.sent = samples[last].Value
}

// final gives the consumer a last batch with the totals of all series of every level that it wants. The caller has the right to drain.
func (r *Recorder) final(t *Tap) {
	r.mu.Lock()
	var levels []*level
	for _, l := range r.levels {
		if t.wants(l.label) {
			levels = append(levels, l)
		}
	}
	p := drainPass{r: r, all: r.all, now: time.Now(), ticks: clock.Ticks(), uptime: time.Since(r.begun)}
	r.mu.Unlock()
	for _, l := range levels {
		for _, s := range p.all {
			if s.level == l && s.born {
				p.handFull(l) // first, so that something is left for the last batch
				p.touch(s)
			}
		}
		p.handTo(l, t)
	}
}
