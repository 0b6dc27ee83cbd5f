package measure

import (
	"math"
	"slices"
)

// Quartiles summarise figures of which some are disturbed.
type Quartiles struct{ Q1, Median, Q3 float64 }

// QuartilesOf returns the quartiles of x, in whatever order that is: each is an element of x, or lies between two neighbours.
// All are NaN where x is empty.
func QuartilesOf(x []float64) Quartiles {
	sorted := slices.Sorted(slices.Values(x))
	return Quartiles{at(sorted, 0.25), at(sorted, 0.5), at(sorted, 0.75)}
}

// at returns the element at the share q of the way through x, between two elements what lies between them.
func at(x []float64, q float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	pos := q * float64(len(x)-1)
	low := int(pos)
	high := min(low+1, len(x)-1)
	return x[low] + (x[high]-x[low])*(pos-float64(low))
}

// Spread is how far the quartiles are apart, as a share of the median: 0 on a quiet machine.
func (q Quartiles) Spread() float64 { return (q.Q3 - q.Q1) / q.Median }

// Quartiles returns those of the nanoseconds that one operation took.
func (r Result) Quartiles() Quartiles { return QuartilesOf(r.Ns) }

// Ratio returns the quartiles of what r took in units of base, each round's compared with the same round's, so that what makes the machine
// slower for a while drops out. Both must be of one Compare.
func (r Result) Ratio(base Result) Quartiles {
	ratios := make([]float64, min(len(r.Ns), len(base.Ns)))
	for i := range ratios {
		ratios[i] = r.Ns[i] / base.Ns[i]
	}
	return QuartilesOf(ratios)
}
