package bench

import (
	"runtime"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

// A workload is real work in two versions that differ in nothing but that each function of the one is timed. Some have a third one, in which each function
// reads the processor's counter twice and does nothing else about it: what any timer takes at least.
type workload struct {
	name              string
	bare, timed, read func(n int)
}

// budgetNs is what a timed call may take from the throughput of a process, all that goes on behind it included.
const budgetNs = 60

// BenchmarkWorkload measures what throughput real work loses when every function of it is timed, with all processors busy, so that the drain and the
// encoding have to take their time from the work. budget-% is calls × 60 ns ÷ run time; 2-ticks-ns/call is what two raw readings of the counter take in place of the timer,
// which is more than in a loop of their own where the processor could do something else meanwhile.
func BenchmarkWorkload(b *testing.B) {
	r := zibrato.Default()
	c := harness.Consume(b, r)
	for _, w := range []workload{jsonWorkload(), handlerWorkload(), treeWorkload()} {
		b.Run("work="+w.name, func(b *testing.B) { throughput(b, c, w) })
	}
}

// BenchmarkBlock measures the same of computations of a given length, each timed by name.
func BenchmarkBlock(b *testing.B) {
	r := zibrato.Default()
	c := harness.Consume(b, r)
	for _, d := range []time.Duration{100, 300, 1000, 3000, 10_000, 30_000, 100_000} {
		b.Run("block="+d.String(), func(b *testing.B) {
			spins := measure.SpinsFor(d)
			throughput(b, c, workload{
				bare: func(n int) {
					for range n {
						bareBlock(spins)
					}
				},
				timed: func(n int) {
					for range n {
						timedBlock(spins)
					}
				},
				read: func(n int) {
					for range n {
						readBlock(spins)
					}
				},
			})
		})
	}
}

//go:noinline
func bareBlock(spins int) uint64 { return measure.Spin(spins) }

func timedBlock(spins int) uint64 {
	defer zibrato.Time("bench.block")()
	return measure.Spin(spins)
}

func readBlock(spins int) uint64 {
	defer readEnd(measure.Ticks())
	return measure.Spin(spins)
}

// readEnd reads the counter for the second time.
//
//go:noinline
func readEnd(begun int64) int64 { return measure.Ticks() - begun }

// throughput compares the versions. Each timed slice ends with a flush, so that no work of the drain falls into the slice of another.
func throughput(b *testing.B, c *harness.Consumer, w workload) {
	timedAndDrained := func(n int) {
		w.timed(n)
		c.Flush()
	}
	c.Reset()
	cases := []measure.Case{{Name: "timed", Run: timedAndDrained}, {Name: "bare", Run: w.bare}}
	if w.read != nil {
		cases = append(cases, measure.Case{Name: "read", Run: w.read})
	}
	results := harness.Compare(b, harness.WorkSlice, runtime.GOMAXPROCS(0), cases...)
	lost := c.Lost()
	timed, bare := results[0], results[1]
	calls := float64(c.Calls()) / float64(timed.Ops)
	bareNs := bare.Quartiles().Median
	b.ReportMetric(timed.Quartiles().Median, "ns/op")
	b.ReportMetric(bareNs, "bare-ns/op")
	b.ReportMetric(calls, "calls/op")
	b.ReportMetric(100*(1-1/timed.Ratio(bare).Median), "slower-%")
	b.ReportMetric(harness.Difference(timed, bare)/calls, "ns/call")
	if w.read != nil {
		b.ReportMetric(harness.Difference(results[2], bare)/calls, "2-ticks-ns/call")
	}
	b.ReportMetric(100*calls*budgetNs/timed.Quartiles().Median, "budget-%")
	b.ReportMetric(100*lost, "lost-%")
}
