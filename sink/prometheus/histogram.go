package prometheus

import (
	"math"
	"math/bits"
	"slices"

	"github.com/zibrato/zibrato/metric"
)

// histogram is what all windows said of a timer or a distribution. Its buckets, native and fixed, each add up to count.
type histogram struct {
	count  uint64
	fixed  []uint64 // not cumulative; the last is what exceeds all bounds
	native metric.Histogram
}

// add adds a window's calls, in units of which one is factor base units. Where samples were lost, those calls go into the bucket of their
// mean. Samples that are more than the calls, as when calls of an earlier window got their samples only now, stand for the calls in proportion.
func (h *histogram) add(a *metric.Aggregate, factor float64, bounds []float64) {
	if h.fixed == nil {
		h.fixed = make([]uint64, len(bounds)+1)
	}
	h.count += a.Count
	detail := a.Detail.Hist
	switch known := detail.Count(); {
	case known > a.Count:
		detail = thinned(&detail, known, a.Count)
	case known < a.Count:
		lost := a.Count - known
		var rest metric.Histogram
		rest.Add(lostMean(a, lost), lost)
		h.addBuckets(&rest, factor, bounds)
	}
	h.addBuckets(&detail, factor, bounds)
}

// lostMean estimates the mean of the calls that left no sample.
func lostMean(a *metric.Aggregate, lost uint64) float64 {
	mean := (a.Sum - a.Detail.Sum) / float64(lost)
	if a.Kind == metric.Timer {
		mean = max(mean, 0) // rounding
	}
	if math.IsNaN(mean) {
		return 0
	}
	return min(max(mean, -math.MaxFloat64), math.MaxFloat64)
}

// addBuckets adds a histogram of such units.
func (h *histogram) addBuckets(o *metric.Histogram, factor float64, bounds []float64) {
	width := math.Exp2(-float64(o.Scale()))
	h.fixed[slot(bounds, 0)] += o.Zero
	each := func(b *metric.Buckets, sign float64) {
		for i, n := range b.Counts {
			if n > 0 {
				middle := math.Exp2((float64(b.Offset) + float64(i) + 0.5) * width)
				h.fixed[slot(bounds, sign*middle*factor)] += n
			}
		}
	}
	each(&o.Positive, 1)
	each(&o.Negative, -1)
	if factor != 1 {
		moved := *o // shares the counts, which Merge only reads
		by := int32(math.Round(math.Log2(factor) / width))
		moved.Positive.Offset += by
		moved.Negative.Offset += by
		o = &moved
	}
	h.native.Merge(o)
}

// slot returns the index of the first bound that is not below v.
func slot(bounds []float64, v float64) int {
	i, _ := slices.BinarySearch(bounds, v)
	return i
}

// thinned returns a histogram of n of the known values, each bucket in proportion. The calls add up to n exactly.
func thinned(o *metric.Histogram, known, n uint64) metric.Histogram {
	h := o.Clone()
	var before, kept uint64 // in the buckets so far
	thin := func(c *uint64) {
		before += *c
		hi, lo := bits.Mul64(before, n)
		part, _ := bits.Div64(hi, lo, known) // before <= known, so that it is at most n
		*c, kept = part-kept, part
	}
	for i := len(h.Negative.Counts) - 1; i >= 0; i-- {
		thin(&h.Negative.Counts[i])
	}
	thin(&h.Zero)
	for i := range h.Positive.Counts {
		thin(&h.Positive.Counts[i])
	}
	return h
}

// span is a run of native buckets; the offset counts from the end of the one before.
type span struct {
	offset int32
	length uint32
}

// gap is how many empty buckets in a row are cheaper as such than as a span of their own.
const gap = 2

// spans appends the spans of buckets that are not empty, and for each bucket in them what it has more than the one before. Bucket number i of
// ours is i+1 to Prometheus, which numbers buckets by their upper bounds.
func spans(spans []span, deltas []int64, b *metric.Buckets) ([]span, []int64) {
	var last int64
	next := int32(0) // number of the bucket after the last span
	for i := 0; i < len(b.Counts); i++ {
		if b.Counts[i] == 0 {
			continue
		}
		number := b.Offset + int32(i) + 1
		if n := len(spans); n > 0 && number-next <= gap {
			for ; next < number; next++ {
				spans[n-1].length++
				deltas = append(deltas, -last)
				last = 0
			}
			spans[n-1].length++
		} else {
			spans = append(spans, span{number - next, 1})
		}
		next = number + 1
		deltas = append(deltas, int64(b.Counts[i])-last)
		last = int64(b.Counts[i])
	}
	return spans, deltas
}

// bounded keeps what overflowed at the limit of float64.
func bounded(f float64) float64 { return min(max(f, -math.MaxFloat64), math.MaxFloat64) }
