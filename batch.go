package zibrato

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

const (
	// batchBytes is when a batch is full.
	batchBytes = 60 << 10
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
		if t.wants(l.label, metric.Samples) {
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
		if t.wants(l.label, metric.Samples) {
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
