package metric

import "math"

// Summary is what some samples of one series did, in the series' units (seconds for a timer). Summaries merge. The zero
// Summary is empty and ready. Not safe for concurrent use.
type Summary struct {
	Count    uint64
	Sum      float64
	M2       float64 // sum of the squared deviations from the mean
	Min, Max float64
	Last     float64
	Hist     Histogram
}

// Add counts one sample. NaN and infinities are ignored. It is for summaries that are merged, too: samples alone go into an
// [Accumulator], which is faster and more precise.
func (s *Summary) Add(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	s.fold(1, v, 0, v, v, v)
	s.Hist.Add(v, 1)
}

// Merge adds what o holds, which is taken to be later. o is not changed.
func (s *Summary) Merge(o *Summary) {
	if o.Count == 0 {
		return
	}
	if s.Count == 0 {
		s.Hist = o.Hist.Clone() // which has no room to spare
	} else {
		s.Hist.Merge(&o.Hist)
	}
	s.fold(o.Count, o.Sum, o.M2, o.Min, o.Max, o.Last)
}

// fold adds n samples, at least one, to all but the histogram. Squares of deviations keep their precision where a sum of squares
// loses it, as for a gauge that moves little around a large value.
//
// Chan, Golub, LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979.
func (s *Summary) fold(n uint64, sum, m2, least, most, last float64) {
	if s.Count == 0 {
		s.Min, s.Max = least, most
	} else {
		was, more := float64(s.Count), float64(n)
		d := sum/more - s.Mean()
		m2 += d * d * was * more / (was + more)
	}
	s.Count += n
	s.Sum = bounded(s.Sum + sum)
	s.M2 = bounded(s.M2 + m2)
	s.Min, s.Max, s.Last = min(s.Min, least), max(s.Max, most), last
}

// Mean returns the mean, NaN when empty.
func (s *Summary) Mean() float64 { return s.Sum / float64(s.Count) }

// StdDev returns the population's standard deviation, NaN when empty.
func (s *Summary) StdDev() float64 { return math.Sqrt(s.M2 / float64(s.Count)) }

// SumSquares returns the sum of the samples' squares.
func (s *Summary) SumSquares() float64 {
	if s.Count == 0 {
		return 0
	}
	return s.M2 + s.Sum*s.Mean()
}

// Quantile estimates a quantile, as [Histogram.Quantile] does, within [Min, Max]. NaN when empty.
func (s *Summary) Quantile(q float64) float64 {
	v := s.Hist.Quantile(q)
	return min(max(v, s.Min), s.Max)
}

// SummaryOf makes a summary of a histogram that was kept elsewhere, and of the exact sum of its values. Min, Max and M2 are estimated from the middles of the
// buckets, within the histogram's RelativeError; Last, of which a histogram knows nothing, is the mean.
func SummaryOf(h Histogram, sum float64) Summary {
	var s Summary
	h.each(func(v float64, n uint64) { s.fold(n, bounded(v*float64(n)), 0, v, v, v) })
	s.Sum, s.Hist = sum, h
	if s.Count > 0 {
		s.Last = min(max(s.Mean(), s.Min), s.Max)
	}
	return s
}

// Valid reports whether the summary can be one of a series of that kind: it holds something, as many values as its histogram, finite
// numbers that do not contradict each other, and for a timer no negative ones. Counters have no summaries.
func (s *Summary) Valid(kind Kind) bool {
	for _, b := range [...]*Buckets{&s.Hist.Positive, &s.Hist.Negative} {
		if len(b.Counts) > MaxBuckets || len(b.Counts) > 0 && !areNumbers(b.Offset, len(b.Counts), s.Hist.coarser) {
			return false
		}
	}
	return s.check(kind) == nil
}

// check says what is wrong with a summary whose buckets are those of numbers.
func (s *Summary) check(kind Kind) error {
	for _, f := range [...]float64{s.Sum, s.M2, s.Min, s.Max, s.Last} {
		if notFinite(f) {
			return malformed(ReasonNumber, "a summary's value")
		}
	}
	held, wrapped := s.Hist.Zero, false
	for _, b := range [...]*Buckets{&s.Hist.Positive, &s.Hist.Negative} {
		for _, c := range b.Counts {
			held += c
			wrapped = wrapped || held < c
		}
	}
	switch {
	case kind == Counter:
		return malformed(ReasonContent, "a counter's summary")
	case wrapped || held != s.Count || held == 0:
		return malformed(ReasonContent, "a summary of %d samples, with %d in its buckets", s.Count, held)
	case s.M2 < 0 || s.Min > s.Last || s.Last > s.Max:
		return malformed(ReasonContent, "a summary that contradicts itself")
	case kind == Timer && (s.Min < 0 || len(s.Hist.Negative.Counts) > 0):
		return malformed(ReasonNumber, "a timer's value")
	}
	return nil
}

// bounded keeps what overflowed, and what is no number since it did, at the limit of float64.
func bounded(f float64) float64 {
	switch {
	case f < -math.MaxFloat64:
		return -math.MaxFloat64
	case f <= math.MaxFloat64:
		return f
	default:
		return math.MaxFloat64
	}
}
