package metric

import (
	"fmt"
	"math"
)

// The resolution of histograms. At DefaultScale a bucket's bounds are 2^(1/32) = 1.0219 apart, so that the geometric
// middle of a bucket is at most 1.09 % from any value in it.
const (
	DefaultScale = 5
	// MaxBuckets bounds the memory of a histogram to 10 KiB a sign. At DefaultScale it spans 40 powers of two, such as
	// 1 ns to 18 minutes; data that is spread wider makes the scale coarser, one step for each doubling of the span.
	MaxBuckets = 1280
)

// Histogram counts values in base-2 exponential buckets: bucket i holds the values in (b^i, b^(i+1)], where
// b = 2^(2^-Scale). It is the exponential histogram of OpenTelemetry's metrics data model and the native histogram of
// Prometheus, so that it leaves for both without loss. Histograms merge exactly: merging is the same as having counted
// all values in one. The zero Histogram is empty and ready. Not safe for concurrent use.
//
// It takes 8 bytes for each bucket between the least and the greatest value, empty ones included, and up to half as much
// to grow into: 1 KiB to 1.5 KiB for values within a factor of 16 as those of a timer often are, at most 10 KiB a sign.
//
// https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
type Histogram struct {
	coarser  uint8  // steps below DefaultScale; held so that the zero value has DefaultScale
	Zero     uint64 // values that are 0
	Positive Buckets
	Negative Buckets // by absolute value
}

// finestScale is the finest one that OpenTelemetry's data model and its SDKs know.
const finestScale = 20

// NewHistogram makes a histogram of buckets that were counted elsewhere, at a scale from -10 to 20: bucket i holds the values in (b^i, b^(i+1)], where
// b = 2^(2^-scale), those of negative ones by their absolute values. What is finer than DefaultScale is merged down to it, which is exact. The counts are copied. It fails where
// there is no such scale, or a bucket that counts something holds no finite number.
func NewHistogram(scale int, zero uint64, positive, negative Buckets) (Histogram, error) {
	if scale < leastScale || scale > finestScale {
		return Histogram{}, fmt.Errorf("metric: scale %d of a histogram: want %d to %d", scale, leastScale, finestScale)
	}
	coarser, finer := uint8(max(DefaultScale-scale, 0)), max(scale-DefaultScale, 0)
	h := Histogram{coarser: coarser, Zero: zero}
	for _, side := range [...]struct{ to, from *Buckets }{{&h.Positive, &positive}, {&h.Negative, &negative}} {
		counts, first := side.from.trimmed()
		if len(counts) == 0 {
			continue
		}
		last := int64(first) + int64(len(counts)) - 1
		own := Buckets{Offset: first >> finer}
		n := last>>finer - int64(own.Offset) + 1
		if n > highestBucket-lowestBucket+1 || !areNumbers(own.Offset, int(n), coarser) {
			return Histogram{}, fmt.Errorf("metric: buckets %d to %d of a histogram of scale %d: not those of finite numbers", first, last, scale)
		}
		own.Counts = make([]uint64, n)
		for i, c := range counts {
			own.Counts[(first+int32(i))>>finer-own.Offset] += c
		}
		h.merge(side.to, &own, coarser)
	}
	return h, nil
}

// each visits what the buckets hold, from the least value to the greatest, as so many times the middle.
func (h *Histogram) each(visit func(v float64, n uint64)) {
	for i := len(h.Negative.Counts) - 1; i >= 0; i-- {
		if n := h.Negative.Counts[i]; n > 0 {
			visit(-bounded(h.middle(h.Negative.Offset+int32(i))), n)
		}
	}
	if h.Zero > 0 {
		visit(0, h.Zero)
	}
	for i, n := range h.Positive.Counts {
		if n > 0 {
			visit(bounded(h.middle(h.Positive.Offset+int32(i))), n)
		}
	}
}

// Scale returns the histogram's present scale, DefaultScale or, after data spread too wide, less.
func (h *Histogram) Scale() int { return DefaultScale - int(h.coarser) }

// RelativeError returns how far, relatively, an estimate made from a bucket can be from the truth at the present scale.
func (h *Histogram) RelativeError() float64 {
	return math.Exp2(math.Exp2(-float64(h.Scale()))/2) - 1
}

// Count returns how many values the histogram holds.
func (h *Histogram) Count() uint64 { return h.Zero + h.Positive.total() + h.Negative.total() }

// Add counts n values v. NaN and infinities have no bucket and are ignored.
func (h *Histogram) Add(v float64, n uint64) {
	b := &h.Positive
	if v < 0 {
		b, v = &h.Negative, -v
	}
	if bits := math.Float64bits(v); normal(bits) {
		if at := uint(normalIndex(bits)>>h.coarser - b.Offset); at < uint(len(b.Counts)) {
			b.Counts[at] += n
			return
		}
	}
	h.add(b, v, n)
}

// add counts what has no bucket yet, or never gets one. v is not negative.
func (h *Histogram) add(b *Buckets, v float64, n uint64) {
	switch {
	case n == 0 || math.IsNaN(v) || math.IsInf(v, 0):
	case v == 0:
		h.Zero += n
	default:
		i := bucketIndex(v)
		for !b.fits(i>>h.coarser, i>>h.coarser) {
			h.coarsen()
		}
		b.extend(i>>h.coarser, i>>h.coarser)
		b.Counts[i>>h.coarser-b.Offset] += n
	}
}

// Merge adds what o holds. o is not changed.
func (h *Histogram) Merge(o *Histogram) {
	for h.coarser < o.coarser {
		h.coarsen()
	}
	h.Zero += o.Zero
	h.merge(&h.Positive, &o.Positive, o.coarser)
	h.merge(&h.Negative, &o.Negative, o.coarser)
}

func (h *Histogram) merge(b, o *Buckets, coarser uint8) {
	if len(o.Counts) == 0 {
		return
	}
	last := o.Offset + int32(len(o.Counts)) - 1
	for !b.fits(o.Offset>>(h.coarser-coarser), last>>(h.coarser-coarser)) {
		h.coarsen()
	}
	by := h.coarser - coarser
	b.extend(o.Offset>>by, last>>by)
	for j, n := range o.Counts {
		b.Counts[(o.Offset+int32(j))>>by-b.Offset] += n
	}
}

// coarsen halves the resolution: neighbouring buckets 2k and 2k+1 become bucket k.
func (h *Histogram) coarsen() {
	h.coarser++
	h.Positive.halve()
	h.Negative.halve()
}

// Quantile estimates the value below or at which the fraction q of the values lies: the nearest-rank quantile, the
// smallest value with at least q·Count values not above it, known up to RelativeError. NaN when the histogram is empty or q is not within 0 to 1.
func (h *Histogram) Quantile(q float64) float64 {
	n := h.Count()
	if n == 0 || !(q >= 0 && q <= 1) {
		return math.NaN()
	}
	rank := min(max(uint64(math.Ceil(q*float64(n))), 1), n)
	for i := len(h.Negative.Counts) - 1; i >= 0; i-- {
		if c := h.Negative.Counts[i]; c >= rank {
			return -h.middle(h.Negative.Offset + int32(i))
		} else {
			rank -= c
		}
	}
	if h.Zero >= rank {
		return 0
	}
	rank -= h.Zero
	for i, c := range h.Positive.Counts {
		if c >= rank {
			return h.middle(h.Positive.Offset + int32(i))
		}
		rank -= c
	}
	return h.middle(h.Positive.Offset + int32(len(h.Positive.Counts)) - 1)
}

func (h *Histogram) middle(i int32) float64 {
	return math.Exp2((float64(i) + 0.5) * math.Exp2(-float64(h.Scale())))
}

// Clone returns an independent copy.
func (h *Histogram) Clone() Histogram {
	c := *h
	c.Positive.Counts = append([]uint64(nil), h.Positive.Counts...)
	c.Negative.Counts = append([]uint64(nil), h.Negative.Counts...)
	return c
}
