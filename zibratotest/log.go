package zibratotest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// Sample is one sample that was recorded.
type Sample struct {
	Series *metric.Series // never changed
	Time   time.Time
	// Value is in the unit of the kind: seconds for a timer. A counter's sample is its growth in one drain, an
	// up-down counter's its value after one.
	Value float64
}

// Log holds what a recorder handed on. [New] and [Capture] make one. Its methods may be called from any goroutine; each
// flushes first. The names and tags choose series: all of that name that have all of these tags, at any level, of any kind and source.
type Log struct {
	t   testing.TB
	tap *zibrato.Tap

	mu      sync.Mutex
	series  map[uint32]*seen // by id: what was made before Configure may be equal after it
	samples []sample
	notices []string
}

// sample is a Sample, and its value as it was recorded, of which Value has 53 bits.
type sample struct {
	Sample
	raw metric.Value
}

type seen struct {
	series  *metric.Series
	before  metric.Totals // when the log began
	now     metric.Totals
	summary metric.Summary // since then
}

// Tag makes a tag to choose series by.
func Tag(key, value string) metric.Tag { return metric.Tag{Key: key, Value: value} }

func (l *Log) deliver(b *metric.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range b.Entries {
		if l.series[e.ID] == nil {
			l.series[e.ID] = &seen{series: e.Series}
		}
		l.series[e.ID].now = e.After
	}
	for _, s := range b.Samples {
		series := b.Entries[s.Entry].Series
		l.samples = append(l.samples, sample{Sample{
			Series: series,
			Time:   b.Base.Add(time.Duration(s.Time) * time.Microsecond),
			Value:  series.Kind.InUnits(s.Value),
		}, s.Value})
	}
	for _, s := range b.Summaries {
		l.series[b.Entries[s.Entry].ID].summary.Merge(&s.Summary)
	}
	l.notices = append(l.notices, b.Notices...)
}

// begin forgets what was delivered so far.
func (l *Log) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.series {
		s.before, s.summary = s.now, metric.Summary{}
	}
	l.samples = nil
}

func (l *Log) flush() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.tap.Flush(ctx); err != nil {
		l.t.Errorf("flushing the recorder: %v", err)
	}
}

// read flushes and visits the chosen series in the order of [metric.Series.Compare].
func (l *Log) read(name string, tags []metric.Tag, visit func(*seen)) {
	l.t.Helper()
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sorted() {
		if chosen(s.series, name, tags) {
			visit(s)
		}
	}
}

func (l *Log) sorted() []*seen {
	all := make([]*seen, 0, len(l.series))
	for _, s := range l.series {
		if s.now != s.before {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *seen) int { return a.series.Compare(b.series) })
	return all
}

func chosen(s *metric.Series, name string, tags []metric.Tag) bool {
	if s.Name != name {
		return false
	}
	for _, t := range tags {
		if !slices.Contains(s.Tags, t) {
			return false
		}
	}
	return true
}

// Samples returns the samples of the chosen series, in the order in which they were handed on: that of the calls, if one goroutine
// made them.
func (l *Log) Samples(name string, tags ...metric.Tag) []Sample {
	l.t.Helper()
	var out []Sample
	l.readSamples(name, tags, func(s *sample) { out = append(out, s.Sample) })
	return out
}

// readSamples flushes and visits the samples of the chosen series.
func (l *Log) readSamples(name string, tags []metric.Tag, visit func(*sample)) {
	l.t.Helper()
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.samples {
		if s := &l.samples[i]; chosen(s.Series, name, tags) {
			visit(s)
		}
	}
}

// Durations returns the samples of the chosen timers, to the nanosecond.
func (l *Log) Durations(name string, tags ...metric.Tag) []time.Duration {
	l.t.Helper()
	var out []time.Duration
	l.readSamples(name, tags, func(s *sample) {
		if s.Series.Kind == metric.Timer {
			out = append(out, time.Duration(s.raw.Int()))
		}
	})
	return out
}

// Last returns the last sample's value, and false when there is none. For a gauge it is the value that was set last.
func (l *Log) Last(name string, tags ...metric.Tag) (value float64, ok bool) {
	l.t.Helper()
	s := l.Samples(name, tags...)
	if len(s) == 0 {
		return 0, false
	}
	return s[len(s)-1].Value, true
}

// Calls returns how many calls the chosen series got. It is exact even where samples were lost.
func (l *Log) Calls(name string, tags ...metric.Tag) uint64 {
	l.t.Helper()
	var n uint64
	l.read(name, tags, func(s *seen) { n += s.now.Count - s.before.Count })
	return n
}

// Sum returns what the calls of the chosen series add up to: seconds for timers, growth for counters, the net change for up-down counters, 0 for
// gauges. It is exact even where samples were lost.
func (l *Log) Sum(name string, tags ...metric.Tag) float64 {
	l.t.Helper()
	var sum float64
	l.read(name, tags, func(s *seen) {
		if k := s.series.Kind; k.Integer() {
			sum += k.InUnits(metric.IntValue(s.now.Sum.Int() - s.before.Sum.Int()))
		} else {
			sum += s.now.Sum.Float() - s.before.Sum.Float()
		}
	})
	return sum
}

// Summary returns what backends are told of the chosen series beside calls and sum: minimum, maximum, quantiles. What was merged, see [zibrato.Timer.Merge], is
// in it, and in no sample. It is empty for counters.
func (l *Log) Summary(name string, tags ...metric.Tag) metric.Summary {
	l.t.Helper()
	var sum metric.Summary
	l.read(name, tags, func(s *seen) { sum.Merge(&s.summary) })
	return sum
}

// Series returns the series that were measured, ordered for people.
func (l *Log) Series() []*metric.Series {
	l.t.Helper()
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*metric.Series
	for _, s := range l.sorted() {
		out = append(out, s.series)
	}
	return out
}

// Misuses returns how often instruments were called wrongly, and how many names had to be made legal, by reason. See the
// series zibrato.misuse.
func (l *Log) Misuses() map[string]uint64 {
	l.t.Helper()
	out := map[string]uint64{}
	l.read("zibrato.misuse", nil, func(s *seen) { out[s.series.Tag("reason")] += s.now.Count - s.before.Count })
	return out
}

// Notices returns what a consumer would have logged.
func (l *Log) Notices() []string {
	l.t.Helper()
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.notices)
}
