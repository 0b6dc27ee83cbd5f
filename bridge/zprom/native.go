package zprom

import (
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/metric"
)

// native is what a native histogram said at the last gathering.
type native struct {
	schema    int
	threshold float64
	zero      uint64
	positive  []bucket
	negative  []bucket
}

// bucket is one that is not empty, by the number that package metric gives it: one less than Prometheus does.
type bucket struct {
	at int32
	n  uint64
}

// take returns what came since then, and remembers what is now.
func (l *native) take(h *dto.Histogram, from origin) metric.Histogram {
	was := *l
	*l = native{schema: int(h.GetSchema()), threshold: h.GetZeroThreshold(), zero: whole(h.GetZeroCount(), h.GetZeroCountFloat())}
	l.positive = unpacked(h.PositiveSpan, h.PositiveDelta, h.PositiveCount)
	l.negative = unpacked(h.NegativeSpan, h.NegativeDelta, h.NegativeCount)
	if from == baseline {
		return metric.Histogram{}
	}
	grown := *l
	if from == goesOn && was.coarsenTo(l) {
		grown.positive, grown.negative = slices.Clone(l.positive), slices.Clone(l.negative)
		if !grown.subtract(&was) {
			grown = *l // it began anew
		}
	}
	return grown.histogram()
}

// unpacked returns the buckets of a sign. Whole counts come as differences, others as they are.
func unpacked(spans []*dto.BucketSpan, deltas []int64, counts []float64) []bucket {
	out := make([]bucket, 0, max(len(deltas), len(counts)))
	at, i, last := int32(-1), 0, int64(0)
	for _, s := range spans {
		at += s.GetOffset()
		for range s.GetLength() {
			n := uint64(0)
			switch {
			case i < len(counts):
				n = whole(0, counts[i])
			case i < len(deltas):
				last += deltas[i]
				n = uint64(max(last, 0))
			default:
				return out // it lacks what its spans announce
			}
			if n > 0 {
				out = append(out, bucket{at, n})
			}
			at++
			i++
		}
	}
	return out
}

// coarsenTo gives what was the buckets that are now: a histogram that has too many of them makes them wider, and that of zero too. It returns false where
// they became finer, as they do when a histogram begins anew.
func (l *native) coarsenTo(now *native) bool {
	if l.schema < now.schema || l.threshold > now.threshold {
		return false
	}
	by := l.schema - now.schema
	for _, side := range []*[]bucket{&l.positive, &l.negative} {
		merged := (*side)[:0]
		for _, b := range *side {
			switch k := len(merged) - 1; {
			case l.bound(b.at) <= now.threshold: // before it is joined with one beyond
				l.zero += b.n
			case k >= 0 && merged[k].at == b.at>>by:
				merged[k].n += b.n
			default:
				merged = append(merged, bucket{b.at >> by, b.n})
			}
		}
		*side = merged
	}
	l.schema, l.threshold = now.schema, now.threshold
	return true
}

// bound returns the greatest value of a bucket, but for what rounding could make of it.
func (l *native) bound(at int32) float64 {
	return math.Exp2((float64(at)+1)*math.Exp2(-float64(l.schema))) * (1 - 1e-9)
}

// subtract takes off what was. It returns false where that had more.
func (l *native) subtract(was *native) bool {
	if was.zero > l.zero {
		return false
	}
	l.zero -= was.zero
	for _, side := range [...]struct {
		of  []bucket
		was []bucket
	}{{l.positive, was.positive}, {l.negative, was.negative}} {
		i := 0
		for _, b := range side.was {
			for i < len(side.of) && side.of[i].at < b.at {
				i++
			}
			if i == len(side.of) || side.of[i].at != b.at || side.of[i].n < b.n {
				return false
			}
			side.of[i].n -= b.n
		}
	}
	return true
}

// histogram returns the buckets as a histogram of package metric. Those of infinities have none there.
func (l *native) histogram() metric.Histogram {
	h, err := metric.NewHistogram(l.schema, l.zero, l.dense(l.positive), l.dense(l.negative))
	if err != nil { // a schema that Prometheus does not have yet
		return metric.Histogram{}
	}
	return h
}

// dense returns the buckets of finite numbers, in a row.
func (l *native) dense(sparse []bucket) (b metric.Buckets) {
	least, most := math.Floor(-1075*math.Exp2(float64(l.schema))), 1024*math.Exp2(float64(l.schema))
	sparse = slices.DeleteFunc(slices.Clone(sparse), func(s bucket) bool { return s.n == 0 || float64(s.at) < least || float64(s.at) >= most })
	if len(sparse) == 0 {
		return b
	}
	b.Offset = sparse[0].at
	b.Counts = make([]uint64, sparse[len(sparse)-1].at-b.Offset+1)
	for _, s := range sparse {
		b.Counts[s.at-b.Offset] += s.n
	}
	return b
}
