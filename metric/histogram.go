package metric

import "math"

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
// https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
type Histogram struct {
	coarser  uint8  // steps below DefaultScale; held so that the zero value has DefaultScale
	Zero     uint64 // values that are 0
	Positive Buckets
	Negative Buckets // by absolute value
}

// Buckets are counts of neighbouring buckets, the first of them bucket number Offset.
type Buckets struct {
	Offset int32
	Counts []uint64
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
	switch {
	case n == 0 || math.IsNaN(v) || math.IsInf(v, 0):
	case v == 0:
		h.Zero += n
	case v > 0:
		h.add(&h.Positive, v, n)
	default:
		h.add(&h.Negative, -v, n)
	}
}

func (h *Histogram) add(b *Buckets, v float64, n uint64) {
	i := bucketIndex(v)
	for !b.fits(i>>h.coarser, i>>h.coarser) {
		h.coarsen()
	}
	b.extend(i>>h.coarser, i>>h.coarser)
	b.Counts[i>>h.coarser-b.Offset] += n
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

func (b *Buckets) total() (n uint64) {
	for _, c := range b.Counts {
		n += c
	}
	return n
}

// fits reports whether buckets lo to hi can be added without exceeding MaxBuckets.
func (b *Buckets) fits(lo, hi int32) bool {
	if len(b.Counts) > 0 {
		lo, hi = min(lo, b.Offset), max(hi, b.Offset+int32(len(b.Counts))-1)
	}
	return hi-lo < MaxBuckets
}

// extend makes room for buckets lo to hi.
func (b *Buckets) extend(lo, hi int32) {
	if len(b.Counts) == 0 {
		b.Offset = lo
	}
	if lo < b.Offset {
		grown := make([]uint64, int(b.Offset-lo)+len(b.Counts))
		copy(grown[b.Offset-lo:], b.Counts)
		b.Offset, b.Counts = lo, grown
	}
	if need := int(hi-b.Offset) + 1; need > len(b.Counts) {
		b.Counts = append(b.Counts, make([]uint64, need-len(b.Counts))...)
	}
}

func (b *Buckets) halve() {
	if len(b.Counts) == 0 {
		return
	}
	first, last := b.Offset>>1, (b.Offset+int32(len(b.Counts))-1)>>1
	halved := make([]uint64, last-first+1)
	for i, n := range b.Counts {
		halved[(b.Offset+int32(i))>>1-first] += n
	}
	b.Offset, b.Counts = first, halved
}

// bounds are the bucket bounds 2^(j/32) between 1 and 2, each the largest float64 that is not above it, so that every
// value finds its bucket exactly, on every platform.
var bounds = [1<<DefaultScale + 1]float64{
	1, 1.0218971486541166, 1.0442737824274138, 1.0671404006768235, 1.0905077326652575, 1.1143867425958924,
	1.1387886347566916, 1.1637248587775775, 1.189207115002721, 1.2152473599804687, 1.241857812073484, 1.2690509571917332,
	1.2968395546510096, 1.3252366431597411, 1.3542555469368927, 1.3839098819638318, 1.4142135623730949, 1.4451808069770464,
	1.4768261459394991, 1.5091644275934226, 1.5422108254079407, 1.5759808451078863, 1.6104903319492543, 1.6457554781539647,
	1.681792830507429, 1.7186192981224777, 1.7562521603732995, 1.7947090750031072, 1.8340080864093424, 1.8741676341102997,
	1.9152065613971472, 1.9571441241754002, 2,
}

// bucketIndex returns the bucket of v > 0 at DefaultScale.
func bucketIndex(v float64) int32 {
	frac, exp := math.Frexp(v) // v = frac·2^exp, frac in [0.5, 1)
	m := 2 * frac
	lo, hi := 0, 1<<DefaultScale // bounds[lo-1] < m <= bounds[hi]
	for lo < hi {
		if mid := (lo + hi) / 2; bounds[mid] < m {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return int32(exp-1)<<DefaultScale + int32(lo) - 1
}
