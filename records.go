package zibrato

import (
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// records folds records into totals and batches.
func (p *drainPass) records(recs []metric.Record) {
	p.admit()
	p.found += len(recs)
	p.r.tally.records += uint64(len(recs))
	p.scale, p.longest = clock.ScaleNow(), int64(p.uptime+time.Second)
	for {
		recs = recs[p.gather(recs):]
		if len(recs) == 0 {
			break
		}
		p.record(&recs[0])
		recs = recs[1:]
	}
	for _, b := range p.begun {
		b.fold()
		p.bursts[b.s.id] = nil
	}
	p.begun = p.begun[:0]
}

// gather adds records to bursts that have begun and are not full, and returns how many there were before the first one that takes more than that. All
// its variables fit the processor's registers, as long as it calls nothing.
func (p *drainPass) gather(recs []metric.Record) int {
	bursts, scale, longest, timings := p.bursts, p.scale, p.longest, uint64(0)
	i := 0
	for ; i < len(recs); i++ {
		rec := &recs[i]
		if uint(rec.Series) >= uint(len(bursts)) {
			break
		}
		b := bursts[rec.Series]
		if b == nil || b.n >= burstLen {
			break
		}
		v := rec.Value
		if rec.Time != 0 {
			span := scale.Span(v.Int())
			if span > longest {
				break
			}
			v = metric.IntValue(span)
			timings++
		}
		b.values[b.n] = v
		b.n++
	}
	p.r.tally.timings += timings
	return i
}

// record folds any record.
func (p *drainPass) record(rec *metric.Record) {
	if int(rec.Series) >= len(p.all) { // registered after the snapshot was taken
		p.allNow()
	}
	s, v := p.all[rec.Series], rec.Value
	if rec.Time != 0 {
		p.r.tally.timings++
		span := p.scale.Span(v.Int())
		if span > p.longest { // What took longer than there is a recorder is a fault of the clock. A long pass goes on while there is one.
			p.longest = int64(time.Since(p.r.begun) + time.Second)
			span = min(span, p.longest)
		}
		v = metric.IntValue(span)
	}
	if s.lean == p.r.stretch {
		p.gatherAny(s, v)
		return
	}
	p.change(s)
	p.sample(s, rec.Time, v)
	s.fold(1, v)
	p.handFull(s.level)
}

// gatherAny adds a value to a burst that may not have begun or be full.
func (p *drainPass) gatherAny(s *series, v metric.Value) {
	b := s.burst
	switch b.n {
	case burstLen:
		b.fold()
	case 0:
		p.begun = append(p.begun, b)
		for len(p.bursts) <= int(s.id) {
			p.bursts = append(p.bursts, nil)
		}
		p.bursts[s.id] = b
	}
	b.values[b.n] = v
	b.n++
}

// burst gathers values of a timer of which nothing but its summary is wanted, within a stretch of records: folding several at once takes half the time.
type burst struct {
	s      *series
	n      uint
	values [burstLen]metric.Value
}

const burstLen = 32

// fold adds what was gathered to the series' total and summary.
func (b *burst) fold() {
	s, values := b.s, b.values[:b.n]
	b.n = 0
	s.total.Count += uint64(len(values))
	s.total.Sum = metric.IntValue(saturate(s.total.Sum.Int(), s.folded.AddTimings(values)))
}
