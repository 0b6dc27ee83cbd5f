package measure

import "runtime"

const (
	allocsTries = 5
	allocsOps   = 1000
)

// Allocs returns how many allocations one operation makes, where run does n of them. It is the least of a few tries, rounded down, since the
// rest of the process allocates, too.
func Allocs(run func(n int)) int {
	run(1) // what is allocated once is no cost of a call
	least := ^uint64(0)
	for range allocsTries {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run(allocsOps)
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return int(least / allocsOps)
}
