package metric

// Accumulator folds samples of one series into a [Summary], in a few nanoseconds each. The zero Accumulator is empty and
// ready; once it has seen what the series does it allocates no more. Not safe for concurrent use.
//
// It sums deviations from the first value instead of values: small moves of a gauge around a large value are not lost,
// and no call divides. Where that first value lies far from the others, M2 loses what a sum of n numbers loses, times n at
// the most: 1e-7 of it for a million values.
type Accumulator struct {
	count          uint64
	first          float64
	devs, squares  float64 // sums of the deviations from first, and of their squares
	min, max, last float64
	hist           Histogram
}

// Add counts one sample, in the series' units. NaN and infinities are ignored.
func (a *Accumulator) Add(v float64) {
	if v-v != 0 { // NaN for those two
		return
	}
	if a.count == 0 {
		a.first, a.min, a.max = v, v, v
	}
	a.count++
	d := v - a.first
	a.devs += d
	a.squares += d * d
	if v < a.min {
		a.min = v
	}
	if v > a.max {
		a.max = v
	}
	a.last = v
	a.hist.Add(v, 1)
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
		Sum:   bounded(n*a.first + a.devs),
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
