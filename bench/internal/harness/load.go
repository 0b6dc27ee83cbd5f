package harness

import (
	"runtime"
	"sync"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/measure"
)

// Nothing is a call that does nothing.
//
//go:noinline
func Nothing() {}

// OnAll runs f on as many goroutines as there are processors and waits for them.
func OnAll(f func(proc int)) { onEach(runtime.GOMAXPROCS(0), f) }

func onEach(goroutines int, f func(n int)) {
	var all sync.WaitGroup
	for n := range goroutines {
		all.Go(func() { f(n) })
	}
	all.Wait()
}

// Paced lets f do something about rate times a second in all for a while, spread over all processors, which sleep in between as those of a
// service do. It returns how often.
func Paced(rate float64, d time.Duration, f func(n int)) int {
	const tick = time.Millisecond
	procs := runtime.GOMAXPROCS(0)
	perProc := int(rate * d.Seconds() / float64(procs))
	OnAll(func(int) {
		for begun, done := time.Now(), 0; done < perProc; {
			due := min(int(float64(perProc)*float64(time.Since(begun))/float64(d))+1, perProc)
			f(due - done)
			done = due
			time.Sleep(tick)
		}
	})
	return perProc * procs
}

// Saturate lets so many goroutines do something n times in a row, without a pause, for a while. It returns how often in all.
func Saturate(goroutines int, d time.Duration, f func(n int)) int {
	const burst = 1000
	var total atomic.Int64
	onEach(goroutines, func(int) {
		n := 0
		for end := time.Now().Add(d); time.Now().Before(end); n += burst {
			f(burst)
		}
		total.Add(int64(n))
	})
	return int(total.Load())
}

// CPUOf returns the processor time that the process used while f ran.
func CPUOf(f func()) time.Duration {
	before := measure.CPUTime()
	f()
	return measure.CPUTime() - before
}

// A Node makes the heap worth marking.
type Node struct {
	Next *Node
	_    [7]uintptr
}

// NewHeap returns a list of so many bytes that the collector has to walk.
func NewHeap(bytes int) *Node {
	var head *Node
	for range bytes / 64 {
		head = &Node{Next: head}
	}
	return head
}
