package harness

import (
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// Stalled is the latency from which a turn of a loop counts as stalled.
const Stalled = 100 * time.Microsecond

// Latencies are those of one loop, by all its goroutines, in ticks.
type Latencies struct {
	Call measure.Tail // what stands between two readings of the counter: a call, or nothing
	Turn measure.Tail // the work and the call
}

// garbage keeps what a loop allocates, of each processor apart, for a moment.
var garbage [256]struct {
	node *Node
	_    [7]uintptr
}

// Run lets every processor work for a while: so many steps of arithmetic, an allocation now and then, and the call, whose latency it adds.
func (l *Latencies) Run(d time.Duration, spins int, call func()) {
	var mu sync.Mutex
	OnAll(func(p int) {
		own := new(Latencies)
		for end := time.Now().Add(d); time.Now().Before(end); {
			for i := range 1000 {
				begun := measure.Ticks()
				spun := measure.Spin(spins)
				if i%8 == 0 {
					garbage[p%len(garbage)].node = new(Node)
				}
				before := measure.Ticks()
				call()
				after := measure.Ticks()
				if spun != 0 { // always; the compiler does not know
					own.Call.Add(after - before)
					own.Turn.Add(after - begun)
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		l.Call.Merge(&own.Call)
		l.Turn.Merge(&own.Turn)
	})
}

// Busy is the arithmetic between calls of a loop that hardly does anything else: some tens of nanoseconds.
const Busy = 20

// CompareLatencies runs the loop with each of the calls in turns for as long as the benchmark should take.
func CompareLatencies(b *testing.B, spins int, calls ...func()) []*Latencies {
	b.Helper()
	all := make([]*Latencies, len(calls))
	for i := range all {
		all[i] = new(Latencies)
	}
	Once(b, func() {
		const turns = 5
		for range turns {
			for i, call := range calls {
				all[i].Run(Time()/time.Duration(turns*len(calls)), spins, call)
			}
		}
	})
	return all
}

// Percentiles are what a tail is described by, with the names of its metrics.
var Percentiles = []struct {
	Name  string
	Share float64
}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"p99.999", 0.99999}, {"p99.9999", 0.999999}, {"max", 1}}

// ReportTail states the percentiles in nanoseconds.
func ReportTail(b *testing.B, prefix string, t *measure.Tail) {
	rate := measure.TicksPerNanosecond()
	for _, p := range Percentiles {
		b.ReportMetric(float64(t.Quantile(p.Share))/rate, prefix+p.Name+"-ns")
	}
}

// Stalls returns how many of 10⁸ turns stalled.
func (l *Latencies) Stalls() float64 {
	limit := int64(float64(Stalled) * measure.TicksPerNanosecond())
	return float64(l.Turn.Above(limit)) * 1e8 / float64(max(l.Turn.Count(), 1))
}
