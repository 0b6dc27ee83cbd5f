package zprom

import (
	"math"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// merged records what a count and a sum grew by, with a histogram of the growth where there is one.
type merged struct {
	to    func(*metric.Summary) // Merge of a timer or a distribution
	timer bool
	count uint64
	base  float64 // of the sum: what does not count
	given float64 // since base
}

func newMerged(z *zibrato.Scope, of *family, opts []zibrato.Option) merged {
	if of.kind == metric.Timer {
		return merged{to: z.NewTimer(of.name, opts...).Merge, timer: true}
	}
	return merged{to: z.NewDistribution(of.name, opts...).Merge}
}

// grow records what came since the last gathering. h is its histogram: of all of it, or of a part if some has no bucket.
func (g *merged) grow(count uint64, sum float64, from origin, h *metric.Histogram) {
	switch from {
	case baseline:
		g.count, g.base, g.given = count, sum, 0
	case born:
		g.count, g.base, g.given = 0, 0, 0
	}
	n := count - g.count
	g.count = count
	if n == 0 {
		return
	}
	s := metric.Summary{Count: n, Sum: g.more(sum)}
	if h != nil && g.timer && len(h.Negative.Counts) > 0 { // which came later than the first gathering
		all := h.Count()
		h.Negative = metric.Buckets{}
		h.Zero += all - h.Count()
	}
	if h != nil && h.Count() > 0 && h.Count() <= n { // or the buckets contradict the count, which is what must be right
		detail := metric.SummaryOf(*h, s.Sum)
		g.to(&detail)
		s = metric.Summary{Count: n - detail.Count}
	}
	g.to(&s) // what has no bucket, if any
}

// more returns what the sum grew by.
func (g *merged) more(sum float64) float64 {
	more := sum - g.base - g.given
	if g.timer {
		more = max(math.Round(more*1e9)/1e9, 0)
	}
	if !finite(more) { // after one observation that is no number, or infinite, the sum never is one again
		return 0
	}
	g.given += more
	return more
}
