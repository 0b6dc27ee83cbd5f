package otlp

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"

	"github.com/zibrato/zibrato/metric"
)

// state is what the sink knows of each series: its totals, or with Delta what the window at hand added.
type state struct {
	delta  bool
	repeat time.Duration
	max    int
	id     *identifier

	series map[string]*series // by Series.Key
	order  []*series          // the same, in the order in which they came
	start  int64              // of the first window, Unix nanoseconds; 0: there was none yet
}

// window tells one from another.
type window struct{ start, end int64 }

func windowOf(w *metric.Window) window { return window{w.Start.UnixNano(), w.End.UnixNano()} }

// series is one of them. Nothing in it belongs to a window.
type series struct {
	key        string
	kind       metric.Kind
	name       string
	unit, help string
	resource   *resource
	attributes []*common.KeyValue

	within window // the last one that it was in, and that is in the values
	start  int64  // since when they count, Unix nanoseconds

	known    bool // a gauge or an up-down counter has a value
	value    float64
	whole    int64 // counter; timer: nanoseconds
	sum      float64
	hist     metric.Histogram
	detailed bool // min and max are known
	min, max float64
}

// take puts a window into the state, and returns the series that are to be sent for it: those of the window, in its order, then idle ones. Taking a
// window again adds nothing. It fails only when ctx ends; what was taken then stays, and the rest is for the next time.
func (st *state) take(ctx context.Context, w *metric.Window) ([]*series, error) {
	at := windowOf(w)
	if st.start == 0 {
		st.start = at.start
	}
	work := make([]*series, 0, len(st.order))
	for i := range w.Series {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		a := &w.Series[i]
		s := st.find(a.Series, at)
		if s.within != at {
			s.unit, s.help = valid(unit(a.Series)), valid(a.Help)
			s.add(a, st.delta, at)
			s.within = at
		}
		if s.sendable() {
			work = append(work, s)
		}
	}
	for _, s := range st.order {
		if s.within != at && s.sendable() && at.end-s.within.end <= int64(st.repeat) && s.within.end < at.end {
			work = append(work, s)
		}
	}
	return work, nil
}

func (st *state) find(of *metric.Series, at window) *series {
	key := of.Key()
	s := st.series[key]
	if s == nil {
		s = &series{key: key, kind: of.Kind, name: valid(of.Name), start: at.start}
		s.resource, s.attributes = st.id.of(of)
		st.series[key] = s
		st.order = append(st.order, s)
	}
	return s
}

// settle forgets what is of no use once a window is done: what was to be sent once, and of too much what was idle for the longest time. It returns how much
// of the latter.
func (st *state) settle(w *metric.Window) (forgotten int) {
	end := w.End.UnixNano()
	st.keep(func(s *series) bool {
		switch {
		case s.kind == metric.Gauge || s.kind == metric.UpDown:
			return end-s.within.end < int64(st.repeat)
		default:
			return !st.delta
		}
	})
	if forgotten = len(st.order) - st.max; forgotten <= 0 {
		return 0
	}
	ends := make([]int64, len(st.order))
	for i, s := range st.order {
		ends[i] = s.within.end
	}
	slices.Sort(ends)
	last, among := ends[forgotten-1], 0 // of those that were last seen when the last one to go was, some may stay
	for _, e := range ends[:forgotten] {
		if e == last {
			among++
		}
	}
	st.keep(func(s *series) bool {
		switch cmp.Compare(s.within.end, last) {
		case -1:
			return false
		case 0:
			among--
			return among < 0
		}
		return true
	})
	return forgotten
}

func (st *state) keep(stays func(*series) bool) {
	st.order = slices.DeleteFunc(st.order, func(s *series) bool {
		if stays(s) {
			return false
		}
		delete(st.series, s.key)
		return true
	})
}

func unit(s *metric.Series) string {
	if s.Kind == metric.Timer {
		return "s"
	}
	return s.Unit
}

// valid is what protobuf takes for text. A backend's series are that already.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// add adds what a window says, or with delta replaces what an earlier one said.
func (s *series) add(a *metric.Aggregate, delta bool, at window) {
	switch {
	case s.kind == metric.Gauge || s.kind == metric.UpDown:
		if a.HasDetail() {
			s.known, s.value = true, a.Detail.Last
		}
		return
	case delta:
		s.start, s.whole, s.sum, s.hist, s.detailed = at.start, 0, 0, metric.Histogram{}, false
	}
	s.whole = saturated(s.whole, a.IntSum)
	if s.kind == metric.Counter {
		return
	}
	if s.kind == metric.Distribution {
		s.sum = bounded(s.sum + bounded(a.Sum))
	}
	d := &a.Detail
	if s.hist.Count() == 0 {
		s.hist = d.Hist.Clone()
	} else {
		s.hist.Merge(&d.Hist)
	}
	if a.Count > d.Count {
		s.hist.Add(lostMean(a), a.Count-d.Count)
	}
	if a.HasDetail() {
		if !s.detailed {
			s.min, s.max = d.Min, d.Max
		}
		s.detailed, s.min, s.max = true, min(s.min, d.Min), max(s.max, d.Max)
	}
}

// lostMean is the mean of the calls whose detail was lost. It is what the sums differ by, and so not exact: what is nothing but the error of the sums
// is zero.
func lostMean(a *metric.Aggregate) float64 {
	all, known := bounded(a.Sum), a.Detail.Sum
	rest := all - known
	if math.Abs(rest) <= 1e-12*max(math.Abs(all), math.Abs(known)) || a.Kind == metric.Timer && rest < 0 {
		return 0
	}
	return bounded(rest / float64(a.Count-a.Detail.Count))
}

// sendable reports whether there is something to say of the series.
func (s *series) sendable() bool { return s.known || s.kind != metric.Gauge && s.kind != metric.UpDown }

// bounded keeps what overflowed, and what is no number since it did, within float64.
func bounded(f float64) float64 {
	switch {
	case f < -math.MaxFloat64:
		return -math.MaxFloat64
	case f <= math.MaxFloat64:
		return f
	}
	return math.MaxFloat64
}

// saturated adds what is not negative.
func saturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
