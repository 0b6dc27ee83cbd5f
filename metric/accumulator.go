package metric

import "math"

// Accumulator folds samples of one series into a [Summary], in a few nanoseconds each. The zero Accumulator is empty and
// ready; once it has seen what the series does it allocates no more. Not safe for concurrent use.
//
// It sums deviations from a centre, so that no call divides and small moves of a gauge around a large value are
// not lost. The centre begins as the first value and goes to the mean when there are 1, 2, 4, 8 … of them: a first value
// far from the others costs no precision.
type Accumulator struct {
	count          uint64
	centre         float64
	devs, squares  float64 // sums of the deviations from the centre, and of their squares
	min, max, last float64
	hist           Histogram
}

// Add counts one sample, in the series' units. NaN and infinities are ignored.
func (a *Accumulator) Add(v float64) {
	b := &a.hist.Positive
	bits := math.Float64bits(v)
	at := uint(normalIndex(bits)>>(a.hist.coarser&31) - b.Offset)
	if !normal(bits) || at >= uint(len(b.Counts)) || a.count&(a.count-1) == 0 { // 0 too
		a.addSeldom(v)
		return
	}
	b.Counts[at]++
	a.fold(v)
}

// addSeldom adds what needs more than that.
func (a *Accumulator) addSeldom(v float64) {
	if v-v != 0 { // NaN for those two
		return
	}
	if a.count&(a.count-1) == 0 {
		a.recentre(v)
	}
	a.hist.Add(v, 1)
	a.fold(v)
}

// fold adds to all but the histogram.
func (a *Accumulator) fold(v float64) {
	a.count++
	d := v - a.centre
	a.devs += d
	a.squares += d * d
	if v < a.min {
		a.min = v
	}
	if v > a.max {
		a.max = v
	}
	a.last = v
}

// recentre moves the centre to the mean. An empty accumulator begins with v.
func (a *Accumulator) recentre(v float64) {
	if a.count == 0 {
		a.centre, a.min, a.max = v, v, v
		return
	}
	n := float64(a.count)
	mean := a.centre + a.devs/n
	by := mean - a.centre // what is left of devs/n after rounding: with this the sums move exactly
	a.centre = mean
	a.squares -= by * (2*a.devs - n*by)
	a.devs -= n * by
}

// Count returns how many samples there are.
func (a *Accumulator) Count() uint64 { return a.count }

// Summary returns what there is. Its histogram is lent: it is the accumulator's own, and good until the next Add or Reset.
func (a *Accumulator) Summary() Summary {
	if a.count == 0 {
		return Summary{}
	}
	n := float64(a.count)
	return Summary{
		Count: a.count,
		Sum:   bounded(n*a.centre + a.devs),
		M2:    max(0, bounded(a.squares-a.devs*(a.devs/n))),
		Min:   a.min, Max: a.max, Last: a.last,
		Hist: a.hist,
	}
}

// Reset empties the accumulator and keeps its memory.
func (a *Accumulator) Reset() {
	*a = Accumulator{hist: Histogram{
		Positive: Buckets{Counts: a.hist.Positive.Counts[:0]},
		Negative: Buckets{Counts: a.hist.Negative.Counts[:0]},
	}}
}
