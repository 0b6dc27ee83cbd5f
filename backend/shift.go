package backend

import (
	"math"

	"github.com/zibrato/zibrato/metric"
)

// shifted returns the summary of an up-down counter in one process, with what the others stand at added to each value. The histogram is
// made anew from the middles of its buckets, which tell whole numbers up to 45 exactly. It may share memory with s.
func shifted(s *metric.Summary, by float64) metric.Summary {
	sum := *s
	if by == 0 {
		return sum
	}
	sum.Sum += float64(s.Count) * by
	sum.Min += by
	sum.Max += by
	sum.Last += by
	sum.Hist = metric.Histogram{}
	sum.Hist.Add(by, s.Hist.Zero)
	add := func(b *metric.Buckets, sign float64) {
		width := math.Exp2(-float64(s.Hist.Scale()))
		for i, n := range b.Counts {
			middle := sign * math.Round(math.Exp2((float64(b.Offset)+float64(i)+0.5)*width))
			sum.Hist.Add(min(max(middle, s.Min), s.Max)+by, n)
		}
	}
	add(&s.Hist.Positive, 1)
	add(&s.Hist.Negative, -1)
	return sum
}
