package peers

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

// plotted are the rivals that the curves show: one of each kind.
var plotted = []string{"zibrato", "prometheus", "opentelemetry", "VictoriaMetrics", "datadog"}

// BenchmarkBlock measures what throughput is lost when computations of a length are timed, each of them, on all processors. lib=none compares the bare
// loop with itself: what is smaller than that is noise.
func BenchmarkBlock(b *testing.B) {
	for _, r := range append([]rival{{"none", func(testing.TB) jobs { return jobs{block: bareBlock} }}}, rivals...) {
		if r.name != "none" && !slices.Contains(plotted, r.name) {
			continue
		}
		for _, d := range []time.Duration{100, 300, 1000, 3000, 10_000, 30_000, 100_000} {
			b.Run("lib="+r.name+"/block="+d.String(), func(b *testing.B) {
				j := r.start(b)
				steps := measure.SpinsFor(d)
				timed := func(n int) {
					for range n {
						j.block(steps)
					}
					if j.ready != nil {
						j.ready() // what is still to be done counts, too
					}
				}
				results := harness.Compare(b, harness.WorkSlice, runtime.GOMAXPROCS(0),
					measure.Case{Name: "timed", Run: timed},
					measure.Case{Name: "bare", Run: func(n int) {
						for range n {
							bareBlock(steps)
						}
					}})
				b.ReportMetric(results[0].Quartiles().Median, "ns/op")
				slower := make([]float64, 0, len(results[0].Ns))
				for i, ns := range results[0].Ns {
					slower = append(slower, 100*(1-results[1].Ns[i]/ns))
				}
				b.ReportMetric(measure.QuartilesOf(slower).Median, "slower-%")
				b.ReportMetric(harness.MedianError(slower), "error-%")
			})
		}
	}
}

//go:noinline
func bareBlock(steps int) { spin(steps) }

// BenchmarkTail measures the latency of single calls of a timer while all processors work and allocate and the collector runs, beside the same
// loop with a call that does nothing. (bare-), in turns.
func BenchmarkTail(b *testing.B) {
	live := harness.NewHeap(32 << 20)
	for _, r := range rivals {
		if !slices.Contains(plotted, r.name) {
			continue
		}
		b.Run("lib="+r.name, func(b *testing.B) {
			all := harness.CompareLatencies(b, harness.Busy, r.start(b).call, harness.Nothing)
			harness.ReportTail(b, "", &all[0].Call)
			harness.ReportTail(b, "bare-", &all[1].Call)
			b.ReportMetric(all[0].Stalls(), "stalls/1e8")
			b.ReportMetric(all[1].Stalls(), "bare-stalls/1e8")
		})
	}
	runtime.KeepAlive(live)
}
