package zibrato

import (
	"math"
	"sync"

	"github.com/zibrato/zibrato/metric"
)

// Merge adds many timings at once that were measured elsewhere: what the summary counts, in seconds. Count and Sum enter the timer's totals exactly (Sum to
// the nanosecond), histogram, minimum and maximum the summary of the interval. The summary is only read, until Merge returns.
//
// It is not for hot code: it takes a lock and copies the histogram. The drain takes what was merged with its next pass, at most a second later. Samples
// cannot be made of it: who subscribed to samples gets the totals, and the calls are counted in zibrato.samples.lost with the tag where=merged. So are those of a summary
// whose histogram is empty, of which count and sum are all that is known.
//
// While the level is not watched nothing is recorded, and an empty summary says nothing. One that is not valid, see [metric.Summary.Valid], or whose sum is negative or has no room in
// the nanoseconds of an int64, is ignored and counted as misuse; and so is one that would bring all that was merged into one timer above 2^62 calls.
func (t *Timer) Merge(s *metric.Summary) {
	if t != nil && t.on.Load() != 0 {
		t.s.merge(s)
	}
}

// Merge adds many values at once that were recorded elsewhere, as [Timer.Merge] does. The sum may be negative, and is added to the totals as the float64 that it is.
func (d *Distribution) Merge(s *metric.Summary) {
	if d != nil && d.on.Load() != 0 {
		d.s.merge(s)
	}
}

// merges are what was merged into series and waits for the drain: at most one summary a series, since they merge.
type merges struct {
	mu      sync.Mutex
	waiting []*merging
}

// merging is what was merged into one series.
type merging struct {
	s      *series
	calls  uint64
	sum    metric.Value
	detail metric.Summary // of those calls of which there is a histogram
}

// maxMerged bounds what a series is told, so that no count of it ever wraps.
const maxMerged = 1 << 62

// merge leaves a summary for the drain.
func (s *series) merge(o *metric.Summary) {
	if o == nil || o.Count == 0 {
		return
	}
	if !s.admits(o) || !s.r.merges.add(s, o) {
		s.r.misuse(misuseSummary, s)
	}
}

// admits reports whether the totals can take a summary.
func (s *series) admits(o *metric.Summary) bool {
	if hasDetail(o) && !o.Valid(s.kind) || !finite(o.Sum) {
		return false
	}
	return s.kind != metric.Timer || o.Sum >= 0 && o.Sum*1e9 < math.MaxInt64
}

// hasDetail reports whether there is a histogram, and so all but count and sum.
func hasDetail(o *metric.Summary) bool {
	h := &o.Hist
	return h.Zero > 0 || len(h.Positive.Counts)+len(h.Negative.Counts) > 0
}

// sumOf returns the sum of a summary in the word of the series' totals.
func (s *series) sumOf(o *metric.Summary) metric.Value {
	if s.kind == metric.Timer {
		return metric.IntValue(int64(math.Round(o.Sum * 1e9)))
	}
	return metric.FloatValue(o.Sum)
}

// add leaves a summary for the drain. It returns false when the series has been told too much.
func (m *merges) add(s *series, o *metric.Summary) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.Count > maxMerged-s.merged {
		return false
	}
	s.merged += o.Count
	if s.merging == nil {
		s.merging = &merging{s: s}
		m.waiting = append(m.waiting, s.merging)
	}
	g := s.merging
	g.calls += o.Count
	if s.kind == metric.Timer {
		g.sum = metric.IntValue(saturate(g.sum.Int(), s.sumOf(o).Int()))
	} else if sum := g.sum.Float() + o.Sum; finite(sum) {
		g.sum = metric.FloatValue(sum)
	}
	if hasDetail(o) {
		g.detail.Merge(o)
	}
	return true
}

// take hands what waits to the drain.
func (m *merges) take() []*merging {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.waiting
	m.waiting = nil
	for _, g := range taken {
		g.s.merging = nil
	}
	return taken
}

// merged folds what was merged since the last pass.
func (p *drainPass) merged() {
	taken := p.r.merges.take()
	if len(taken) == 0 {
		return
	}
	p.admit()
	p.found += len(taken)
	for _, g := range taken {
		s := g.s
		p.change(s)
		if s.entry[metric.Summaries] >= 0 {
			s.folded.Merge(&g.detail)
		}
		p.r.tally.unsampled += g.calls
		if s.level.wanted.Load()&wantSamples == 0 {
			p.r.tally.unsampled -= g.detail.Count
		}
		s.fold(g.calls, g.sum)
	}
}
