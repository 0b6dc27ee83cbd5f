package bench

import (
	"fmt"
	"runtime"
	"sort"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

// BenchmarkStarved measures how much detail is lost while GOMAXPROCS goroutines, or a crowd of 32 for each processor, never pause and record at a given rate in all,
// so that the drain has to fight for a processor. Totals stay exact. reached-M/s is the rate that the machine made of it.
func BenchmarkStarved(b *testing.B) {
	r := zibrato.New(zibrato.Config{})
	c := harness.Consume(b, r)
	timer := r.NewTimer("bench.starved")
	record := func(spins int) func(n int) {
		return func(n int) {
			sum := uint64(0)
			for range n {
				timeDeferred(timer)
				sum += measure.Spin(spins)
			}
			spun.Store(sum)
		}
	}
	procs := runtime.GOMAXPROCS(0)
	for _, load := range []struct {
		name       string
		goroutines int
		rate       float64
	}{
		{"", procs, 4.6e6}, {"", procs, 13e6}, {"", procs, 34e6},
		{"crowd/", 32 * procs, 4.6e6}, {"crowd/", 32 * procs, 34e6},
	} {
		b.Run(fmt.Sprintf("%srate=%gM", load.name, load.rate/1e6), func(b *testing.B) {
			spins := spinsForRate(load.rate, record, c.Flush)
			var lost, reached []float64
			harness.Once(b, func() {
				const turns = 3
				d := harness.Time() / turns
				for range turns {
					c.Reset()
					begun := time.Now()
					n := harness.Saturate(load.goroutines, d, record(spins))
					reached = append(reached, float64(n)/time.Since(begun).Seconds())
					lost = append(lost, 100*c.Lost())
				}
			})
			b.ReportMetric(measure.QuartilesOf(lost).Median, "lost-%")
			b.ReportMetric(measure.QuartilesOf(reached).Median/1e6, "reached-M/s")
		})
	}
}

var spun atomic.Uint64 // keeps Spin from being optimised away

// spinsForRate finds how much to spin between two calls for a rate, by short trials.
func spinsForRate(rate float64, record func(spins int) func(n int), settle func()) int {
	tooFast := func(spins int) bool {
		const d = 30 * time.Millisecond
		var rates [3]float64
		for i := range rates {
			settle()
			begun := time.Now()
			n := harness.Saturate(runtime.GOMAXPROCS(0), d, record(spins))
			rates[i] = float64(n) / time.Since(begun).Seconds()
		}
		return measure.QuartilesOf(rates[:]).Median > rate
	}
	most := 1
	for tooFast(most) {
		most *= 2
	}
	return sort.Search(most, func(spins int) bool { return !tooFast(spins) })
}
