package metric

import (
	"math"
	"math/bits"
)

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

// AddTimings does what Add does for each of some values of a timer, in half the time, and returns their sum, which stays at the limit of an int64. No
// value may be negative.
func (a *Accumulator) AddTimings(values []Value) (sum int64) {
	least, most := int64(math.MaxInt64), int64(0)
	for _, v := range values {
		least, most = min(least, v.Int()), max(most, v.Int())
		if sum += v.Int(); sum < 0 {
			sum = math.MaxInt64
		}
	}
	n := uint64(len(values))
	if a.count < n || n == 0 { // the centre moves yet, or there is none
		for _, v := range values {
			a.Add(Timer.InUnits(v))
		}
		return sum
	}
	a.last = Timer.InUnits(values[n-1])
	a.min, a.max = min(a.min, Timer.InUnits(IntValue(least))), max(a.max, Timer.InUnits(IntValue(most)))
	a.addTimings(values)
	a.count += n
	if bits.Len64(a.count) != bits.Len64(a.count-n) {
		a.recentre(a.last)
	}
	return sum
}

// addTimings adds to the histogram and to the deviations.
func (a *Accumulator) addTimings(values []Value) {
	b := &a.hist.Positive
	counts, offset, coarser := b.Counts, b.Offset, a.hist.coarser&31
	centre, devs, squares, others := a.centre, a.devs, a.squares, int64(0)
	for _, value := range values {
		v := float64(value.Int()) * 1e-9
		d := v - centre
		devs += d
		squares += d * d
		// Which timings of next to nothing are zero is as good as random, so that takes no branch: the first bucket gets 0 more.
		other := -value.Int() >> 63 // 0 where it is zero, -1 where not
		at := uint(normalIndex(math.Float64bits(v))>>coarser-offset) & uint(other)
		if at < uint(len(counts)) {
			counts[at] -= uint64(other)
			others -= other
			continue
		}
		if other == 0 { // no timing was anything else yet
			continue
		}
		a.hist.Add(v, 1)
		others++
		counts, offset, coarser = b.Counts, b.Offset, a.hist.coarser&31
	}
	a.hist.Zero += uint64(len(values)) - uint64(others)
	a.devs, a.squares = devs, squares
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

// Merge adds what a summary holds, which is taken to be later, as if its samples had been added. It is for summaries that come from elsewhere, and are valid: it
// is no faster than the histogram is large. o is not changed.
func (a *Accumulator) Merge(o *Summary) {
	if o.Count == 0 {
		return
	}
	n := float64(o.Count)
	if a.count == 0 {
		a.centre, a.min, a.max = o.Mean(), o.Min, o.Max
	}
	d := o.Mean() - a.centre
	a.count += o.Count
	a.devs += o.Sum - n*a.centre
	a.squares += o.M2 + n*d*d
	a.min, a.max, a.last = min(a.min, o.Min), max(a.max, o.Max), o.Last
	a.hist.Merge(&o.Hist)
	a.recentre(o.Last)
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
