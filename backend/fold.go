package backend

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// fold merges batches into the open window. Sources call add, the backend's goroutine take or checkpoint; nothing is done under the
// mutex that could wait, but that with Config.Dir the log is written, to the memory of the system.
type fold struct {
	apart  Apart
	max    int // of aggregates in open, of members and of streams
	each   int // of members of one recorder, and of aggregates in open that the text form made
	expire time.Duration

	mu       sync.Mutex
	open     map[string]*metric.Aggregate // by Series.Key
	streams  map[streamID]*stream
	members  int
	standing map[string]*standing
	scratch  []pending
	counts   map[metric.RecorderID]int // of members
	texts    int                       // aggregates in open that the text form made
	lost     int64                     // calls without detail
	dropped  uint64                    // windows, by the sinks
	own      *own                      // nil: there is nothing to be told
	stats    Stats
	closed   bool

	coverage  store.Coverage
	forgotten store.Forgotten
	log       *store.Log // nil: there is none
	touched   bool       // something came since the last checkpoint
}

func newFold(cfg Config, now time.Time) *fold {
	return &fold{
		apart: cfg.Apart, max: cfg.MaxSeries, each: cfg.MaxSeriesEach, expire: cfg.Expire, coverage: store.Coverage{Rest: now},
		open:     make(map[string]*metric.Aggregate),
		streams:  make(map[streamID]*stream),
		counts:   make(map[metric.RecorderID]int),
		standing: make(map[string]*standing),
	}
}

// pending is what add knows about an entry of the batch at hand.
type pending struct {
	m       *member           // nil: the entry is left out
	agg     *metric.Aggregate // nil: nothing happened to the series
	details uint64            // calls that the batch tells of beyond its totals
}

// add folds a batch that was received now. It keeps nothing of it but series and strings.
func (f *fold) add(b *metric.Batch, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.stats.Batches++
	f.touched = true
	if b.Detail > metric.Summaries { // of a source that knows more than we do
		return
	}
	if !b.HasTotals() {
		f.note(b, now)
		f.addText(b)
		return
	}
	s := f.accept(b, now)
	if s == nil {
		return
	}
	f.note(b, now)
	samples, summaries := b.Samples, b.Summaries
	if b.Detail != s.detail {
		samples, summaries = nil, nil // or calls would count twice in histograms
	}
	f.stats.Samples += uint64(len(samples))
	f.stats.Summaries += uint64(len(summaries))
	f.stats.Skipped += uint64(b.Skipped)
	f.scratch = slices.Grow(f.scratch[:0], len(b.Entries))[:len(b.Entries)]
	for i := range b.Entries {
		f.scratch[i] = pending{m: f.member(s, b, &b.Entries[i], now)}
	}
	for i := range samples {
		if p := f.pending(samples[i].Entry); p != nil {
			p.details++
		}
	}
	for i := range summaries {
		if p := f.pending(summaries[i].Entry); p != nil {
			p.details += summaries[i].Count
		}
	}
	for i := range b.Entries {
		f.addTotals(&b.Entries[i], &f.scratch[i])
	}
	for i := range samples {
		if p := f.pending(samples[i].Entry); p != nil {
			f.addSample(p, samples[i].Value)
		}
	}
	for i := range summaries {
		if p := f.pending(summaries[i].Entry); p != nil {
			f.addSummary(&b.Entries[summaries[i].Entry], p, &summaries[i].Summary)
		}
	}
	for i := range b.Entries {
		f.settle(&b.Entries[i], &f.scratch[i])
	}
	clear(f.scratch) // or it would keep aggregates of windows that are gone
	if b.Final {
		s.final = true
		f.leave(s)
	}
}

// note writes a batch that is about to be folded into the log.
func (f *fold) note(b *metric.Batch, now time.Time) {
	if f.log != nil {
		f.log.Append(b, now)
	}
}

// pending returns what is known of an entry of the batch at hand, nil if there is no such or it is left out.
func (f *fold) pending(entry uint32) *pending {
	if int64(entry) >= int64(len(f.scratch)) || f.scratch[entry].m == nil {
		return nil
	}
	return &f.scratch[entry]
}

// addText folds a batch without totals: a sample is a call, and what is lost is lost.
func (f *fold) addText(b *metric.Batch) {
	f.stats.Samples += uint64(len(b.Samples))
	for _, sample := range b.Samples {
		s := b.Entries[sample.Entry].Series
		a := f.textual(s.Key(), s)
		if a == nil {
			continue
		}
		a.Count++
		switch s.Kind {
		case metric.Timer, metric.Counter:
			a.IntSum = addSaturated(a.IntSum, sample.Value.Int())
		case metric.Distribution:
			a.Sum += sample.Value.Float()
		}
		if s.Kind != metric.Counter {
			a.Detail.Add(s.Kind.InUnits(sample.Value))
		}
	}
}

// addTotals gives the window what the totals gained since they were last heard of, whichever batches brought that. Where
// the window has no room they are left as they were, so that a later window gets the gain.
func (f *fold) addTotals(e *metric.Entry, p *pending) {
	m := p.m
	if m == nil {
		return
	}
	if e.After.Count < m.known.Count {
		p.m = nil // contradicts what was said before
		return
	}
	kind := m.series.Kind
	if e.After == m.known && p.details == 0 && (kind != metric.UpDown || m.present) {
		return
	}
	if p.agg = f.aggregate(m.key, m.series); p.agg == nil {
		p.m = nil
		return
	}
	gain := e.After.Count - m.known.Count
	p.agg.Count += gain
	switch kind {
	case metric.Timer, metric.Counter:
		p.agg.IntSum = addSaturated(p.agg.IntSum, max(e.After.Sum.Int()-m.known.Sum.Int(), 0))
	case metric.Distribution:
		if d := e.After.Sum.Float() - m.known.Sum.Float(); !math.IsNaN(d) && !math.IsInf(d, 0) {
			p.agg.Sum += d
		}
	}
	if kind != metric.Counter && kind != metric.UpDown {
		f.lost += int64(gain) - int64(p.details)
	}
	m.known = e.After
}

func (f *fold) addSample(p *pending, v metric.Value) {
	switch kind := p.m.series.Kind; kind {
	case metric.Counter:
	case metric.UpDown:
		p.agg.Detail.Add(f.stand(p.m, v.Int()))
	default:
		p.agg.Detail.Add(kind.InUnits(v))
	}
}

func (f *fold) addSummary(e *metric.Entry, p *pending, s *metric.Summary) {
	if s.Count == 0 {
		return
	}
	switch p.m.series.Kind {
	case metric.Counter:
	case metric.UpDown:
		own := e.After.Sum.Int()
		all := f.stand(p.m, own)
		sum := shifted(s, all-float64(own))
		sum.Last = all
		p.agg.Detail.Merge(&sum)
	default:
		p.agg.Detail.Merge(s)
	}
}

// settle makes the present value of an up-down counter what the totals say, which is known also when samples are lost.
func (f *fold) settle(e *metric.Entry, p *pending) {
	if p.m == nil || p.agg == nil || p.m.series.Kind != metric.UpDown {
		return
	}
	if v := e.After.Sum.Int(); p.details == 0 || v != p.m.value {
		p.agg.Detail.Add(f.stand(p.m, v))
	}
}

// aggregate returns the open window's aggregate of a series, nil if there is no room for it.
func (f *fold) aggregate(key string, s *metric.Series) *metric.Aggregate {
	a := f.open[key]
	if a == nil {
		if len(f.open) >= f.max {
			f.stats.Overflow++
			return nil
		}
		a = &metric.Aggregate{Series: s}
		f.open[key] = a
	}
	return a
}

// textual is aggregate for the text form, which does not say whose a series is: all who speak it share the room of one process.
func (f *fold) textual(key string, s *metric.Series) *metric.Aggregate {
	if a := f.open[key]; a != nil {
		return a
	}
	if f.texts >= f.each {
		f.stats.Overflow++
		return nil
	}
	a := f.aggregate(key, s)
	if a != nil {
		f.texts++
	}
	return a
}

// take ends the open window and returns its series, sorted. The last window closes the fold: what comes later is left out.
func (f *fold) take(now time.Time, last bool) []metric.Aggregate {
	f.mu.Lock()
	full := f.end(now, last)
	f.mu.Unlock()
	return inOrder(full)
}

// end ends the open window. The caller holds the mutex.
func (f *fold) end(now time.Time, last bool) map[string]*metric.Aggregate {
	f.sweep(now)
	f.tell()
	full := f.open
	f.texts = 0
	f.open = make(map[string]*metric.Aggregate, len(full))
	f.closed = last
	return full
}

// inOrder returns the series of a window that has ended, sorted.
func inOrder(full map[string]*metric.Aggregate) []metric.Aggregate {
	series := make([]metric.Aggregate, 0, len(full))
	for _, a := range full {
		switch a.Kind {
		case metric.Timer, metric.Counter:
			a.Sum = a.Kind.InUnits(metric.IntValue(a.IntSum))
		case metric.Gauge, metric.UpDown:
			a.Sum = a.Detail.Sum
		}
		series = append(series, *a)
	}
	slices.SortFunc(series, func(a, b metric.Aggregate) int { return a.Series.Compare(b.Series) })
	return series
}

// snapshot fills in the fold's part of the statistics.
func (f *fold) snapshot() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.LostSamples = uint64(max(f.lost, 0))
	s.Series, s.Known, s.Processes = len(f.open), f.members, len(f.streams)
	return s
}

// keepApart returns the series as the windows shall know it.
func keepApart(s *metric.Series, p *metric.Process, apart Apart) *metric.Series {
	var tag metric.Tag
	switch apart {
	case None:
		return s
	case ByHost:
		tag = metric.Tag{Key: "host", Value: p.Host}
	case ByProcess:
		tag = metric.Tag{Key: "process", Value: p.Host + ":" + strconv.FormatUint(uint64(p.PID), 10)}
	}
	tag, _ = metric.LegalTag(tag)
	own := *s
	own.Tags = metric.SortTags(append(slices.Clone(s.Tags), tag))
	return &own
}

// addSaturated adds what is not negative.
func addSaturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
