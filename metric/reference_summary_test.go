package metric

import "math"

// The part of the reference that is about summaries. Written from docs/wire.md, too.

type refSummary struct {
	Entry    uint32     `json:"entry"`
	Count    uint64     `json:"count"`
	Sum      float64    `json:"sum"`
	M2       float64    `json:"m2"`
	Min      float64    `json:"min"`
	Max      float64    `json:"max"`
	Last     float64    `json:"last"`
	Scale    int        `json:"scale"`
	Zeros    uint64     `json:"zeros"`
	Positive refBuckets `json:"positive"`
	Negative refBuckets `json:"negative"`
}

type refBuckets struct {
	First  int32    `json:"first"`
	Counts []uint64 `json:"counts"`
}

func (c *refCursor) float() float64 {
	f := math.Float64frombits(c.uint(8))
	refCheck(!math.IsNaN(f) && !math.IsInf(f, 0), "not finite")
	return f
}

func (c *refCursor) varint() (v uint64) {
	for shift := 0; ; shift += 7 {
		b := c.uint(1)
		refCheck(shift < 63 || b <= 1, "more than 64 bits")
		v |= b & 0x7f << shift
		if b < 0x80 {
			return v
		}
	}
}

// buckets reads those of a sign, at most left of them.
func (c *refCursor) buckets(scale int, left *int) (b refBuckets) {
	n := int(c.uint(2))
	if n == 0 {
		return b
	}
	b.First = int32(c.uint(4))
	marks := c.bytes((n + 7) / 8)
	refCheck(n <= 1280, "too many buckets")
	// The bucket of 2^-1074 and that of 2^1024, which are the last in their octaves: whole numbers of buckets at scale 0 and above.
	perOctave := math.Exp2(float64(scale))
	refCheck(float64(b.First) >= math.Ceil(-1074*perOctave)-1 && float64(b.First)+float64(n)-1 <= math.Ceil(1024*perOctave)-1, "buckets of no number")
	*left -= n
	refCheck(*left >= 0, "too many buckets in the message")
	for i := range 8 * len(marks) {
		if marks[i/8]>>(i%8)&1 == 0 {
			refCheck(i != 0 && i != n-1, "begins or ends with nothing")
			if i < n {
				b.Counts = append(b.Counts, 0)
			}
			continue
		}
		refCheck(i < n, "a bit beyond the buckets")
		count := c.varint()
		refCheck(count > 0, "counts nothing")
		b.Counts = append(b.Counts, count)
	}
	return b
}

func refDecodeSummaries(c *refCursor, b *refBatch, summaries, entries uint64, place map[uint64]int) {
	left := 1 << 20
	previous := int64(-1)
	for range summaries {
		sc := &refCursor{c.bytes(int(c.uint(2)))}
		entry := sc.uint(4)
		refCheck(entry < entries && int64(entry) > previous, "summary of no entry, or out of order")
		previous = int64(entry)
		at, known := place[entry]
		if !known {
			continue
		}
		s := refSummary{
			Entry: uint32(at), Count: sc.uint(8), Sum: sc.float(), M2: sc.float(), Min: sc.float(), Max: sc.float(), Last: sc.float(),
			Scale: int(int8(sc.uint(1))), Zeros: sc.varint(),
		}
		refCheck(s.Scale >= -10 && s.Scale <= 5, "scale")
		s.Positive = sc.buckets(s.Scale, &left)
		s.Negative = sc.buckets(s.Scale, &left)
		total := s.Zeros
		for _, counts := range [][]uint64{s.Positive.Counts, s.Negative.Counts} {
			for _, n := range counts {
				refCheck(total+n >= total, "overflow")
				total += n
			}
		}
		kind := b.Entries[at].Kind
		refCheck(kind != "counter", "a counter's summary")
		refCheck(s.Count > 0 && s.Count == total, "count")
		refCheck(s.M2 >= 0 && s.Min <= s.Last && s.Last <= s.Max, "contradiction")
		refCheck(kind != "timer" || s.Min >= 0 && len(s.Negative.Counts) == 0, "negative")
		b.Summaries = append(b.Summaries, s)
	}
	refCheck(len(c.rest) == 0, "left over")
}

func refSummaryOf(s *EntrySummary) refSummary {
	h := &s.Hist
	return refSummary{
		s.Entry, s.Count, s.Sum, s.M2, s.Min, s.Max, s.Last, h.Scale(), h.Zero,
		refBuckets{h.Positive.Offset, h.Positive.Counts}, refBuckets{h.Negative.Offset, h.Negative.Counts},
	}
}

func (s *refSummary) summary() EntrySummary {
	h := Histogram{
		coarser: uint8(5 - s.Scale), Zero: s.Zeros,
		Positive: Buckets{s.Positive.First, s.Positive.Counts}, Negative: Buckets{s.Negative.First, s.Negative.Counts},
	}
	return EntrySummary{s.Entry, Summary{s.Count, s.Sum, s.M2, s.Min, s.Max, s.Last, h}}
}
