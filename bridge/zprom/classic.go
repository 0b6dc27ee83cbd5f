package zprom

import (
	"math"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/metric"
)

// classic is what the buckets of a histogram said at the last gathering.
type classic struct {
	bounds []float64
	counts []uint64 // up to each bound; one more for all
}

// take returns what came since then, and remembers what is now.
func (c *classic) take(h *dto.Histogram, from origin) (grown metric.Histogram) {
	same := len(c.counts) > 0
	n := 0
	for _, b := range h.Bucket {
		if math.IsInf(b.GetUpperBound(), 1) { // which clients leave out
			continue
		}
		if n == len(c.bounds) {
			c.bounds, same = append(c.bounds, math.NaN()), false
		}
		if c.bounds[n] != b.GetUpperBound() {
			c.bounds[n], same = b.GetUpperBound(), false
		}
		n++
	}
	same = same && n == len(c.bounds)
	c.bounds = c.bounds[:n]
	was := c.counts
	c.counts = make([]uint64, 0, n+1)
	for _, b := range h.Bucket {
		if !math.IsInf(b.GetUpperBound(), 1) {
			c.counts = append(c.counts, whole(b.GetCumulativeCount(), b.GetCumulativeCountFloat()))
		}
	}
	c.counts = append(c.counts, whole(h.GetSampleCount(), h.GetSampleCountFloat()))
	if len(was) == 0 || was[len(was)-1] == 0 {
		was, same = make([]uint64, n+1), true
	}
	switch {
	case from == baseline, from == goesOn && !same: // with other buckets there is nothing to compare
		return grown
	case from == born:
		was = make([]uint64, n+1)
	}
	low, before := math.Inf(-1), uint64(0)
	for i, count := range c.counts {
		up := math.Inf(1)
		if i < n {
			up = c.bounds[i]
		}
		upTo := count - min(was[i], count)
		spread(&grown, low, up, upTo-min(before, upTo))
		low, before = up, max(before, upTo)
	}
	return grown
}

// pieces is into how many equal parts the values of a bucket are spread.
const pieces = 32

// spread counts n values that lie above low and not above up. It spreads them evenly, as PromQL's histogram_quantile takes them to be, by whose rules the first
// bucket begins at 0, or is its bound where that is not above 0, and what is above all bounds lies at the last of them.
func spread(h *metric.Histogram, low, up float64, n uint64) {
	if n == 0 {
		return
	}
	switch {
	case math.IsInf(up, 1):
		h.Add(low, n) // which is nowhere if there is no bound at all
		return
	case math.IsInf(low, -1) && up <= 0:
		h.Add(up, n)
		return
	case math.IsInf(low, -1):
		low = 0
	}
	parts := min(n, pieces)
	done := uint64(0)
	for i := range parts {
		upTo := n/parts*(i+1) + n%parts*(i+1)/parts
		h.Add(low+(up-low)*(float64(i)+0.5)/float64(parts), upTo-done)
		done = upTo
	}
}
