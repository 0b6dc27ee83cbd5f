package statsd

import (
	"iter"
	"math"

	"github.com/zibrato/zibrato/metric"
)

// value is a value and of how many calls it is.
type value struct {
	v     float64
	calls uint64
}

// spread appends at most most values, in units, that stand for the calls of a timer or distribution: their calls add up to a.Count and
// their sum to a.Sum. Calls beyond most are in slices of equal size and a rest at the mean, as the package comment says; with ends, the
// least and the greatest are calls of their own.
func spread(dst []value, a *metric.Aggregate, most int, ends bool) []value {
	n := a.Count
	if n == 0 {
		return dst
	}
	h, least, greatest, sum := whole(a)
	mean := sum / float64(n)
	if h.Count() == 0 || most == 1 {
		return append(dst, value{mean, n})
	}
	if n == 1 {
		return append(dst, value{sum, 1})
	}
	s := slicer{histogram: h, total: float64(h.Count()), least: least, greatest: greatest}
	begin := len(dst)
	if n <= uint64(most) {
		// A line for each: the ends, and what is between them.
		dst = append(dst, value{least, 1})
		dst = s.slice(dst, 1/float64(n), 1-1/float64(n), int(n)-2, 1)
		balance(dst[begin+1:], (sum-least-greatest)/float64(n-2), least, greatest)
		return append(dst, value{greatest, 1})
	}
	inner, lo, hi := n, 0.0, 1.0
	if ends = ends && most > 3; ends {
		inner, lo, hi, most = n-2, 1/float64(n), 1-1/float64(n), most-2
		mean = (sum - least - greatest) / float64(inner)
		dst = append(dst, value{least, 1})
	}
	each := (inner + uint64(most) - 1) / uint64(most)
	slices := inner / each
	from := len(dst)
	dst = s.slice(dst, lo, hi, int(slices), each)
	balance(dst[from:], mean, least, greatest)
	if rest := inner - slices*each; rest > 0 {
		dst = append(dst, value{mean, rest})
	}
	if ends {
		dst = append(dst, value{greatest, 1})
	}
	return dst
}

// whole returns the histogram, the ends and the sum of all calls: those that left no detail are taken to be at their mean.
func whole(a *metric.Aggregate) (h *metric.Histogram, least, greatest, sum float64) {
	d := &a.Detail
	h, least, greatest, sum = &d.Hist, d.Min, d.Max, a.Sum
	if !finite(sum) {
		sum = d.Sum // which is kept within what a float64 holds
	}
	if d.Count == 0 || a.Count <= d.Count {
		return h, least, greatest, sum
	}
	lost := a.Count - d.Count
	v := (sum - d.Sum) / float64(lost)
	if a.Kind == metric.Timer {
		v = max(v, 0)
	}
	if !finite(v) {
		v = d.Mean()
	}
	all := h.Clone()
	all.Add(v, lost)
	return &all, min(least, v), max(greatest, v), sum
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// slicer cuts the sorted calls of a histogram into slices.
type slicer struct {
	histogram       *metric.Histogram
	total           float64
	least, greatest float64
}

// slice appends the means of n slices of equal size that the fractions lo to hi of the calls make, each of so many calls.
func (s *slicer) slice(dst []value, lo, hi float64, n int, calls uint64) []value {
	if n <= 0 {
		return dst
	}
	width := (hi - lo) / float64(n) * s.total
	at := lo * s.total
	end := at + width // of the slice at hand
	var weight, mean, passed float64
	done := 0
	for v, c := range buckets(s.histogram) {
		v = min(max(v, s.least), s.greatest)
		from, to := max(passed, at), passed+c
		passed = to
		for from < to && done < n {
			part := min(to, end) - from
			if part > 0 {
				weight += part
				mean += (v - mean) * (part / weight)
			}
			if to < end {
				break
			}
			dst = append(dst, value{mean, calls})
			done++
			from, end = end, at+width*float64(done+1)
			weight, mean = 0, 0
		}
		if done == n {
			return dst
		}
	}
	for ; done < n; done++ { // rounding left the last slices a trifle short
		if weight == 0 {
			mean = s.greatest
		}
		dst = append(dst, value{mean, calls})
	}
	return dst
}

// buckets yields the middle of each bucket and how many values it holds, upwards.
func buckets(h *metric.Histogram) iter.Seq2[float64, float64] {
	width := math.Exp2(-float64(h.Scale()))
	middle := func(b *metric.Buckets, i int) float64 { return math.Exp2((float64(b.Offset+int32(i)) + 0.5) * width) }
	return func(yield func(float64, float64) bool) {
		for i := len(h.Negative.Counts) - 1; i >= 0; i-- {
			if c := h.Negative.Counts[i]; c > 0 && !yield(-middle(&h.Negative, i), float64(c)) {
				return
			}
		}
		if h.Zero > 0 && !yield(0, float64(h.Zero)) {
			return
		}
		for i, c := range h.Positive.Counts {
			if c > 0 && !yield(middle(&h.Positive, i), float64(c)) {
				return
			}
		}
	}
}

// balance moves values of equal weight, each in proportion to its size, so that their mean is what it is known to be: buckets tell it
// to about a percent only. None leaves the range from least to greatest.
func balance(values []value, mean, least, greatest float64) {
	if len(values) == 0 || !finite(mean) {
		return
	}
	for range 100 { // the first does it, but for what the range cuts off
		var sum, size float64
		for _, v := range values {
			sum += v.v
			size += math.Abs(v.v)
		}
		off := mean*float64(len(values)) - sum
		if math.Abs(off) <= 1e-14*size || !finite(off) || !finite(size) {
			return
		}
		for i := range values {
			v := &values[i].v
			if size > 0 {
				*v += off * (math.Abs(*v) / size)
			} else {
				*v += off / float64(len(values))
			}
			*v = min(max(*v, least), greatest)
		}
	}
}
