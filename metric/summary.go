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

// Add counts one sample. NaN and infinities are ignored. For many samples an [Accumulator] is faster, and more precise.
func (s *Summary) Add(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	// Welford: squares of deviations keep their precision where a sum of squares loses it, as for a gauge
	// that moves little around a large value.
	if s.Count == 0 {
		s.Min, s.Max = v, v
	} else {
		d := v - s.Mean()
		s.M2 += d * d * float64(s.Count) / float64(s.Count+1)
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
	}
	s.Count++
	s.Sum += v
	s.Last = v
	s.Hist.Add(v, 1)
}

// Merge adds what o holds, which is taken to be later. o is not changed.
//
// Chan, Golub, LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979.
func (s *Summary) Merge(o *Summary) {
	if o.Count == 0 {
		return
	}
	if s.Count == 0 {
		*s = *o
		s.Hist = o.Hist.Clone()
		return
	}
	d := o.Mean() - s.Mean()
	n, m := float64(s.Count), float64(o.Count)
	s.M2 = bounded(s.M2 + o.M2 + d*d*n*m/(n+m))
	s.Count += o.Count
	s.Sum = bounded(s.Sum + o.Sum)
	s.Min, s.Max, s.Last = min(s.Min, o.Min), max(s.Max, o.Max), o.Last
	s.Hist.Merge(&o.Hist)
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
