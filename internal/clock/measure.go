package clock

import (
	"fmt"
	"slices"
)

// reads is how often leastCost reads a clock in a row.
const reads = 16

// leastCost returns how many nanoseconds so many readings of a clock take, in the best of some tries.
func leastCost(read func() int64) int64 {
	least := int64(never)
	for range 8 {
		from := nanotime()
		for range reads {
			read()
		}
		least = min(least, nanotime()-from)
	}
	return least
}

// cheap makes sure that the counter costs less than the clock that it stands in for, as it does not where reading it is emulated.
func cheap() error {
	if c, m := leastCost(counter), leastCost(nanotime); c >= m {
		return fmt.Errorf("reading the counter takes %d ns, the monotonic clock %d ns", c/reads, m/reads)
	}
	return nil
}

// typical is the mean, since a counter that advances in steps of many ticks gives a few distinct readings, of which the median would
// be one. It leaves out those far above the median, since these were interrupted. It sorts them.
func typical(readings []int64) float64 {
	slices.Sort(readings)
	most := 4 * max(readings[len(readings)/2], 1)
	n, sum := int64(0), int64(0)
	for _, r := range readings {
		if r <= most {
			n, sum = n+1, sum+r
		}
	}
	return max(float64(sum)/float64(n), 0)
}
