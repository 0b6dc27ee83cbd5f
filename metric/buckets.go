package metric

import "math"

// Buckets are counts of neighbouring buckets, the first of them bucket number Offset.
type Buckets struct {
	Offset int32
	Counts []uint64
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

// areNumbers reports whether buckets, so many from the first, at a scale so many steps below DefaultScale, are those of finite numbers.
func areNumbers(first int32, n int, coarser uint8) bool {
	return first >= lowestBucket>>coarser && int64(first)+int64(n)-1 <= highestBucket>>coarser
}

// extend makes room for buckets lo to hi, with some to spare, so that few of many values have to.
func (b *Buckets) extend(lo, hi int32) {
	old := b.Counts
	if len(old) == 0 {
		b.Offset = lo
	}
	below := int(max(b.Offset-lo, 0))
	n := max(below+len(old), int(hi-min(lo, b.Offset))+1)
	if n <= cap(old) {
		b.Counts = old[:n]
	} else {
		b.Counts = make([]uint64, n, max(n, min(n+n/2+8, MaxBuckets)))
	}
	copy(b.Counts[below:], old)
	clear(b.Counts[:below]) // reused memory holds what it held before
	clear(b.Counts[below+len(old):])
	b.Offset -= int32(below)
}

// halve joins neighbouring buckets 2k and 2k+1, in place.
func (b *Buckets) halve() {
	if len(b.Counts) == 0 {
		return
	}
	first, last := b.Offset>>1, (b.Offset+int32(len(b.Counts))-1)>>1
	for i, n := range b.Counts {
		b.Counts[i] = 0
		b.Counts[(b.Offset+int32(i))>>1-first] += n
	}
	b.Offset, b.Counts = first, b.Counts[:last-first+1]
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

const (
	mantissaBits = 52
	cellBits     = mantissaBits - 6
	infinity     = 0x7ff << mantissaBits // the bits of +Inf: those of all finite numbers above zero lie between 0 and it
)

// cells tells, for each 64th of the way from 1 to 2, how many bounds lie below a mantissa in it: the bits above the mantissa's, once
// that is added. No 64th holds two bounds, so a cell has the number of those below its beginning there, and as much below as the mantissas above
// the next bound lack to carry.
var cells [64]uint64

func init() {
	mantissa := func(bound float64) uint64 { // of 2: 1<<52, above every other
		return math.Float64bits(bound) - math.Float64bits(1)
	}
	below := uint64(0)
	for cell := range cells {
		for mantissa(bounds[below]) < uint64(cell)<<cellBits {
			below++
		}
		cells[cell] = below<<mantissaBits + (1<<mantissaBits - 1 - mantissa(bounds[below]))
	}
}

// normal reports whether these are the bits of a normal number above zero: neither zero, subnormal, negative, infinite nor NaN.
func normal(bits uint64) bool { return bits-1<<mantissaBits < infinity-1<<mantissaBits }

// normalIndex returns the bucket of a normal number above zero at DefaultScale, by its bits. There is no branch in it, which would be a coin's toss.
func normalIndex(bits uint64) int32 {
	mantissa := bits & (1<<mantissaBits - 1)
	below := (mantissa + cells[mantissa>>cellBits]) >> mantissaBits
	return int32(bits>>mantissaBits)<<DefaultScale + int32(below) - (1023<<DefaultScale + 1)
}

// bucketIndex returns the bucket of a finite v > 0 at DefaultScale.
func bucketIndex(v float64) int32 {
	if bits := math.Float64bits(v); normal(bits) {
		return normalIndex(bits)
	}
	return normalIndex(math.Float64bits(v*0x1p52)) - 52<<DefaultScale // subnormal
}
