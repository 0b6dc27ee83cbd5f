package zibrato

import (
	"math"
	"slices"
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

// batcher builds a level's batches of one detail. The drain owns it. Samples go into the batch as they come, and it is handed on when it
// is full or old enough; summaries are put into it, and into as many more batches as they need, when they are handed on.
type batcher struct {
	detail  metric.Detail
	b       metric.Batch
	series  []*series // behind b.Entries
	seq     uint64
	bytes   int
	handed  time.Duration // uptime of the last batch
	since   time.Duration // uptime at which began what it collects
	eager   int           // so many batches do not wait until they are old enough
	waiting bool          // it holds something
}

// touch puts the series into its level's batches, before its totals change.
func (p *drainPass) touch(s *series) {
	wanted := s.level.wanted.Load()
	if wanted&wantSamples != 0 && s.entry[metric.Samples] < 0 {
		p.enter(s, &s.level.out[metric.Samples])
	}
	if wanted&wantSummaries != 0 && s.entry[metric.Summaries] < 0 {
		p.enter(s, &s.level.out[metric.Summaries])
	}
}

func (p *drainPass) enter(s *series, b *batcher) {
	if s.wire == nil {
		w := s.desc
		if w.Source == "" {
			w.Source = p.r.cfg.Source
		}
		s.wire = &w
	}
	if !b.waiting {
		b.waiting = true
		b.b.Base = p.now.Add(-lookback)
	}
	s.entry[b.detail] = len(b.b.Entries)
	b.b.Entries = append(b.b.Entries, metric.Entry{ID: s.id, Series: s.wire, Before: s.total})
	b.series = append(b.series, s)
	b.bytes += metric.EntrySize(s.wire)
}

// sample adds a sample to what its level's batches tell of a touched series. coarse 0 means now.
func (p *drainPass) sample(s *series, coarse uint32, v metric.Value) {
	if s.entry[metric.Summaries] >= 0 && s.kind != metric.Counter {
		s.folded.Add(s.kind.InUnits(v))
	}
	if s.entry[metric.Samples] < 0 {
		return
	}
	at := p.now
	if coarse != 0 {
		at = clock.Wall(coarse, p.ticks, p.now)
	}
	b := &s.level.out[metric.Samples]
	us := at.Sub(b.b.Base).Microseconds()
	b.b.Samples = append(b.b.Samples, metric.Sample{
		Entry: uint32(s.entry[metric.Samples]),
		Time:  uint32(min(max(us, 0), math.MaxUint32)),
		Value: v,
	})
	b.bytes += metric.SampleSize
}

// handFull delivers the level's samples when the batch is full. No entry's totals may be about to change.
func (p *drainPass) handFull(l *level) {
	if b := &l.out[metric.Samples]; b.bytes >= batchBytes {
		p.hand(l, b, nil)
	}
}

// hand delivers what the batcher has to those who want it, and marks the last batch final for one of them.
func (p *drainPass) hand(l *level, b *batcher, last *Tap) {
	if !b.waiting {
		return
	}
	p.handTo(p.r.wanting(l, b.detail), l, b, last)
}

// handTo delivers what the batcher has, and empties it.
func (p *drainPass) handTo(to []*Tap, l *level, b *batcher, last *Tap) {
	for i, s := range b.series {
		e := &b.b.Entries[i]
		e.After, e.Birth = s.total, s.birth
		s.entry[b.detail] = -1
	}
	if len(to) > 0 {
		b.b.Notices = p.r.takeNotices()
		if b.detail == metric.Samples {
			p.orderGauges(b)
			p.deliver(to, l, b, last)
		} else {
			p.deliverSummaries(to, l, b, last)
		}
	}
	if b.detail == metric.Summaries {
		for _, s := range b.series {
			s.folded.Reset()
		}
	}
	b.b.Reset()
	clear(b.series)
	b.series, b.bytes, b.waiting = b.series[:0], 0, false
	b.since = time.Since(p.r.begun)
}

// deliverSummaries delivers the series of the batch in as many batches as their summaries fill.
func (p *drainPass) deliverSummaries(to []*Tap, l *level, b *batcher, last *Tap) {
	entries := b.b.Entries
	bytes, first := 0, 0
	for i, s := range b.series {
		size := metric.EntrySize(s.wire)
		summary := summaryOf(s)
		if summary.Count > 0 {
			size += metric.SummarySize(&summary)
		}
		if bytes+size > batchBytes && i > first {
			b.b.Entries = entries[first:i]
			p.deliver(to, l, b, nil)
			b.b.Notices, b.b.Summaries = nil, b.b.Summaries[:0]
			bytes, first = 0, i
		}
		bytes += size
		if summary.Count > 0 {
			b.b.Summaries = append(b.b.Summaries, metric.EntrySummary{Entry: uint32(i - first), Summary: summary})
		}
	}
	b.b.Entries = entries[first:]
	p.deliver(to, l, b, last)
	b.b.Entries = entries
}

// summaryOf returns what was folded. A gauge's last value is the one that was set last, unless the record of that is still to come: the rings of
// processors come one after the other.
func summaryOf(s *series) metric.Summary {
	summary := s.folded.Summary()
	if s.kind == metric.Gauge && summary.Count > 0 {
		if word := metric.Value(s.last.Load()).Float(); summary.Min <= word && word <= summary.Max {
			summary.Last = word
		}
	}
	return summary
}

// deliver gives the batch to consumers.
func (p *drainPass) deliver(to []*Tap, l *level, b *batcher, last *Tap) {
	b.seq++
	b.b.Process, b.b.Level, b.b.Detail, b.b.Seq = p.r.process, l.label, b.detail, b.seq
	b.b.Uptime = time.Since(p.r.begun)
	b.b.Interval = b.b.Uptime - b.since
	b.handed = b.b.Uptime
	for _, t := range to {
		b.b.Final = t == last
		t.hand(&b.b)
	}
}

// orderGauges makes, of each gauge in a batch of samples, the one last that was set last. Samples of different processors come in the order of
// processors, and one may miss the batch that a later one of another processor is in.
func (p *drainPass) orderGauges(b *batcher) {
	for i, s := range b.series {
		if s.kind == metric.Gauge {
			p.orderGauge(s, b.b.Samples, uint32(i))
		}
	}
}

func (p *drainPass) orderGauge(s *series, samples []metric.Sample, entry uint32) {
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

// final gives the consumer a last batch with the totals of all series of every level that it wants, in each detail in which it does. The caller
// has the right to drain.
func (r *Recorder) final(t *Tap) {
	p := r.newPass()
	if len(r.self.clock) > 0 { // there was a report: complete it
		p.report()
	}
	for _, l := range p.levels {
		for d := range l.out {
			if !slices.Contains(r.wanting(l, metric.Detail(d)), t) {
				continue
			}
			for _, s := range p.all {
				if s.level == l && s.born {
					p.handFull(l) // first, so that something is left for the last batch
					p.touch(s)
				}
			}
			p.hand(l, &l.out[d], t)
		}
	}
}
