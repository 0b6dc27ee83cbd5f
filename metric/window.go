package metric

import (
	"math"
	"time"
)

// Window is what a backend learned in one flush interval. It goes to every sink, and nobody changes it.
type Window struct {
	Start, End time.Time     // End is aligned to the clock; Start too, but for the first window, which begins when the backend does
	Interval   time.Duration // the backend's flush interval; a first or last window may be shorter
	Series     []Aggregate   // in the order of Series.Compare, each series once
}

// Aggregate is what one window learned about one series, over all processes that have it.
//
// For timers, counters and distributions Count and Sum are exact wherever the sender counts totals (everybody but the
// text form): what was lost on the way is in them too. Detail was made from the samples that arrived; Count -
// Detail.Count of them did not.
type Aggregate struct {
	*Series
	Count  uint64  // calls
	Sum    float64 // of the calls, in the series' units: what a counter grew by; for a gauge or an up-down counter Detail.Sum, good for a mean only
	IntSum int64   // the same, exactly, for timers (nanoseconds) and counters
	Detail Summary // empty for a counter; of an up-down counter's value summed over all processes
}

// HasDetail reports whether the aggregate has min, max, last, deviation and quantiles.
func (a *Aggregate) HasDetail() bool { return a.Detail.Count > 0 }

// Mean returns the mean of the calls, NaN when there were none.
func (a *Aggregate) Mean() float64 {
	if a.Kind == Gauge || a.Kind == UpDown {
		return a.Detail.Mean()
	}
	if a.Count == 0 {
		return math.NaN()
	}
	return a.Sum / float64(a.Count)
}
