package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

// BenchmarkStarved measures how much detail is lost while GOMAXPROCS goroutines never pause and record at a given rate in all, so that the drain has to
// fight for a processor. Totals stay exact. reached-M/s is the rate that the machine made of it.
func BenchmarkStarved(b *testing.B) {
	r := zibrato.New(zibrato.Config{})
	c := consume(b, r)
	timer := r.NewTimer("bench.starved")
	record := func(n, spins int) {
		sum := uint64(0)
		for range n {
			timeDeferred(timer)
			sum += measure.Spin(spins)
		}
		spun = sum
	}
	for _, rate := range []float64{4.6e6, 13e6, 34e6} {
		b.Run(fmt.Sprintf("rate=%gM", rate/1e6), func(b *testing.B) {
			spins := spinsForRate(rate, record)
			var lost, reached []float64
			once(b, func() {
				const turns = 3
				d := benchTime() / turns
				for range turns {
					c.reset()
					begun := time.Now()
					n := saturate(d, spins, record)
					reached = append(reached, float64(n)/time.Since(begun).Seconds())
					lost = append(lost, 100*c.lost())
				}
			})
			b.ReportMetric(0, "ns/op") // the length of the benchmark says nothing
			b.ReportMetric(measure.QuartilesOf(lost).Median, "lost-%")
			b.ReportMetric(measure.QuartilesOf(reached).Median/1e6, "reached-M/s")
		})
	}
}

var spun uint64 // keeps Spin from being optimised away

// spinsForRate finds how much to spin between two calls for a rate, by two short trials: the time per call is a straight line.
func spinsForRate(rate float64, record func(n, spins int)) int {
	const more = 100
	perCall := func(spins int) float64 {
		const d = 30 * time.Millisecond
		return float64(d) / float64(saturate(d, spins, record))
	}
	least := perCall(0)
	slope := (perCall(more) - least) / more
	return max(int((1e9/rate-least)/slope+0.5), 0)
}
