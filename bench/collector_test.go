package bench

import (
	"runtime"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

// collections are what the garbage collector did in a while.
type collections struct{ cycles, pauseNs float64 }

func collectionsOf(f func()) collections {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	cycles := float64(after.NumGC - before.NumGC)
	return collections{cycles, float64(after.PauseTotalNs-before.PauseTotalNs) / max(cycles, 1)}
}

// BenchmarkCollector compares what the garbage collector does in a process that allocates 256 MB a second, with a million samples a second and with
// none: cycles in a second, and the mean pause of a cycle. The noise is the range between the quartiles of the turns without samples.
func BenchmarkCollector(b *testing.B) {
	r := zibrato.New(zibrato.Config{})
	harness.Consume(b, r)
	timer := r.NewTimer("bench.collector")
	live := harness.NewHeap(16 << 20)
	var with, without [2][]float64
	harness.Once(b, func() {
		const pairs = 5
		d := harness.Time() / pairs
		note := func(into *[2][]float64, f func(n int)) {
			c := collectionsOf(func() { harness.Paced(harness.SampleRate, d, f) })
			into[0] = append(into[0], c.cycles/d.Seconds())
			into[1] = append(into[1], c.pauseNs)
		}
		for range pairs {
			note(&with, func(n int) {
				for range n {
					allocate()
					timeDeferred(timer)
				}
			})
			note(&without, func(n int) {
				for range n {
					allocate()
					harness.Nothing()
				}
			})
		}
	})
	for i, unit := range []string{"cycles/s", "pause-ns"} {
		w, o := measure.QuartilesOf(with[i]), measure.QuartilesOf(without[i])
		b.ReportMetric(w.Median, unit)
		b.ReportMetric(o.Median, "bare-"+unit)
		b.ReportMetric(o.Q3-o.Q1, "noise-"+unit)
	}
	runtime.KeepAlive(live)
}

var allocated *[256]byte

//go:noinline
func allocate() { allocated = new([256]byte) }
