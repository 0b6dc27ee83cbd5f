package metric

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/zibrato/zibrato/internal/decode"
)

// A summary on the wire, as docs/wire.md specifies it; all integers little-endian:
//
//	u16       length of the rest
//	u32       entry index; each higher than the one before
//	u64       count
//	5 × f64   sum, M2, min, max, last
//	i8        scale
//	uvarint   zeros
//	buckets   positive
//	buckets   negative
//
// buckets is u16 n, and unless that is 0: i32 number of the first bucket · a bit for each of n buckets, 1 where it counts
// something, in ⌈n/8⌉ bytes from the lowest bit of the first · uvarint count for each such bucket. The first of the n
// buckets, and the last, count something.
const (
	summaryFixed = 4 + 8 + 5*8 + 1
	summaryLeast = 2 + 4 // bytes of the smallest summary: that of a kind which is not known may have any form behind its entry

	// What is read: any scale of OpenTelemetry's that is not finer than ours, and the buckets of finite numbers. A message
	// within the 128 KiB that writers keep cannot hold more buckets than that; one that is larger must not.
	leastScale        = -10
	lowestBucket      = -1074<<DefaultScale - 1
	highestBucket     = 1024<<DefaultScale - 1
	maxMessageBuckets = 1 << 20
)

// SummarySize returns how many bytes the summary takes on the wire, beside its entry, for those who fill messages to a size.
func SummarySize(s *Summary) int {
	return 2 + summaryFixed + uvarintSize(s.Hist.Zero) + s.Hist.Positive.size() + s.Hist.Negative.size()
}

func (b *Buckets) size() int {
	counts, _ := b.trimmed()
	if len(counts) == 0 {
		return 2
	}
	n := 2 + 4 + (len(counts)+7)/8
	for _, c := range counts {
		if c != 0 {
			n += uvarintSize(c)
		}
	}
	return n
}

func uvarintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// trimmed returns the buckets from the first to the last that count something, and the number of the first.
func (b *Buckets) trimmed() (counts []uint64, first int32) {
	counts, first = b.Counts, b.Offset
	for len(counts) > 0 && counts[0] == 0 {
		counts = counts[1:]
		first++
	}
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	return counts, first
}

func appendSummary(dst []byte, s *EntrySummary) []byte {
	le := binary.LittleEndian
	at := len(dst)
	dst = append(dst, 0, 0)
	dst = le.AppendUint32(dst, s.Entry)
	dst = le.AppendUint64(dst, s.Count)
	for _, f := range [...]float64{s.Sum, s.M2, s.Min, s.Max, s.Last} {
		dst = le.AppendUint64(dst, math.Float64bits(f))
	}
	dst = append(dst, byte(s.Hist.Scale()))
	dst = binary.AppendUvarint(dst, s.Hist.Zero)
	dst = appendBuckets(dst, &s.Hist.Positive)
	dst = appendBuckets(dst, &s.Hist.Negative)
	le.PutUint16(dst[at:], uint16(len(dst)-at-2))
	return dst
}

func appendBuckets(dst []byte, b *Buckets) []byte {
	le := binary.LittleEndian
	counts, first := b.trimmed()
	dst = le.AppendUint16(dst, uint16(len(counts)))
	if len(counts) == 0 {
		return dst
	}
	dst = le.AppendUint32(dst, uint32(first))
	marks := len(dst)
	dst = append(dst, make([]byte, (len(counts)+7)/8)...)
	for i, c := range counts {
		if c != 0 {
			dst[marks+i/8] |= 1 << (i % 8)
			dst = binary.AppendUvarint(dst, c)
		}
	}
	return dst
}

// decodeSummaries decodes the summaries of the entries at known.
func (b *Batch) decodeSummaries(r *reader, known []int32, summaries int) error {
	if summaries < 0 || summaries > len(r.B)/summaryLeast {
		return malformed(ReasonTruncated, "%d summaries in %d bytes", summaries, len(r.B))
	}
	b.limitMemory()
	buckets := 0
	previous := int64(-1)
	for i := range summaries {
		sr := reader{decode.Reader{B: r.Take(int(r.U16()))}}
		entry := int64(sr.U32())
		if r.Short || sr.Short {
			return malformed(ReasonTruncated, "summary %d", i)
		}
		if entry <= previous || entry >= int64(len(known)) {
			return malformed(ReasonContent, "a summary of entry %d of %d, after that of %d", entry, len(known), previous)
		}
		previous = entry
		k := known[entry]
		if k < 0 {
			continue
		}
		s := b.nextSummary()
		s.Entry = uint32(k)
		if err := sr.summary(&s.Summary, b.Entries[k].Series.Kind); err != nil {
			return err
		}
		if buckets += len(s.Hist.Positive.Counts) + len(s.Hist.Negative.Counts); buckets > maxMessageBuckets {
			return malformed(ReasonSize, "more than %d buckets", maxMessageBuckets)
		}
	}
	if len(r.B) != 0 {
		return malformed(ReasonTruncated, "%d bytes after the summaries", len(r.B))
	}
	return nil
}

// nextSummary makes room for one more, with the memory of the histogram that an earlier message had there.
func (b *Batch) nextSummary() *EntrySummary {
	if n := len(b.Summaries); n < cap(b.Summaries) {
		b.Summaries = b.Summaries[:n+1]
	} else {
		b.Summaries = append(b.Summaries, EntrySummary{})
	}
	return &b.Summaries[len(b.Summaries)-1]
}

// limitMemory lets go of the memory of earlier histograms if it is more than that of any message. Without it, many different
// messages could leave much behind.
func (b *Batch) limitMemory() {
	held := 0
	all := b.Summaries[:cap(b.Summaries)]
	for i := range all {
		held += cap(all[i].Hist.Positive.Counts) + cap(all[i].Hist.Negative.Counts)
	}
	if held > maxMessageBuckets {
		clear(all)
	}
}

func (r *reader) summary(s *Summary, kind Kind) error {
	s.Count = r.U64()
	for _, f := range [...]*float64{&s.Sum, &s.M2, &s.Min, &s.Max, &s.Last} {
		*f = r.float()
	}
	scale := int8(r.U8())
	if scale < leastScale || scale > DefaultScale {
		return malformed(ReasonContent, "a histogram of scale %d", scale)
	}
	s.Hist.coarser = uint8(DefaultScale - scale)
	s.Hist.Zero = r.Uvarint()
	for _, b := range [...]*Buckets{&s.Hist.Positive, &s.Hist.Negative} {
		if err := r.buckets(b, s.Hist.coarser); err != nil {
			return err
		}
	}
	if r.Short {
		return malformed(ReasonTruncated, "summary")
	}
	return s.check(kind)
}

func (r *reader) buckets(b *Buckets, coarser uint8) error {
	b.Offset, b.Counts = 0, b.Counts[:0]
	n := int(r.U16())
	if n == 0 {
		return nil
	}
	b.Offset = int32(r.U32())
	marks := r.Take((n + 7) / 8)
	if r.Short {
		return malformed(ReasonTruncated, "buckets")
	}
	if n > MaxBuckets || !areNumbers(b.Offset, n, coarser) {
		return malformed(ReasonContent, "%d buckets from %d at scale %d", n, b.Offset, DefaultScale-int(coarser))
	}
	if marks[0]&1 == 0 || bits.Len8(marks[len(marks)-1]) != (n-1)%8+1 {
		return malformed(ReasonContent, "a histogram that begins or ends with an empty bucket")
	}
	if n > cap(b.Counts) {
		b.Counts = make([]uint64, n, min(n+n/4, MaxBuckets))
	} else {
		b.Counts = b.Counts[:n]
		clear(b.Counts)
	}
	rest := r.B
	for i, mark := range marks {
		for ; mark != 0; mark &= mark - 1 {
			c, size := uint64(0), 1
			if len(rest) > 0 && rest[0] < 0x80 { // as most are
				c = uint64(rest[0])
			} else if c, size = binary.Uvarint(rest); size <= 0 {
				return malformed(ReasonTruncated, "buckets")
			}
			if c == 0 {
				return malformed(ReasonContent, "a bucket that counts nothing")
			}
			b.Counts[8*i+bits.TrailingZeros8(mark)] = c
			rest = rest[size:]
		}
	}
	r.B = rest
	return nil
}
