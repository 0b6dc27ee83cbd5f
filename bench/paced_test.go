package bench

import (
	"runtime"
	"sync"
	"time"
)

// paced calls f about rate times a second in all for a while, spread over all processors, which sleep in between as those of a service
// do. It returns how often f was called.
func paced(rate float64, d time.Duration, f func(n int)) int {
	const tick = time.Millisecond
	procs := runtime.GOMAXPROCS(0)
	perProc := int(rate * d.Seconds() / float64(procs))
	var all sync.WaitGroup
	for range procs {
		all.Go(func() {
			begun, done := time.Now(), 0
			for done < perProc {
				due := min(int(float64(perProc)*float64(time.Since(begun))/float64(d))+1, perProc)
				f(due - done)
				done = due
				time.Sleep(tick)
			}
		})
	}
	all.Wait()
	return perProc * procs
}

// saturate calls f for a while from goroutines that keep all processors busy, each of which spins so many steps
// between two calls. It returns how often f was called.
func saturate(d time.Duration, spins int, f func(n, spins int)) int {
	const burst = 1000
	procs := runtime.GOMAXPROCS(0)
	calls := make([]int, procs*16) // apart, so that they share no cache line
	var all sync.WaitGroup
	for p := range procs {
		all.Go(func() {
			n := 0
			for end := time.Now().Add(d); time.Now().Before(end); n += burst {
				f(burst, spins)
			}
			calls[p*16] = n
		})
	}
	all.Wait()
	sum := 0
	for _, n := range calls {
		sum += n
	}
	return sum
}
