package peers

import (
	"slices"
	"testing"
	"time"

	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

// task is one of the jobs.
type task func(j jobs) func(n int)

var (
	timerTask   task = func(j jobs) func(n int) { return j.timer }
	labelsTask  task = func(j jobs) func(n int) { return j.labels }
	counterTask task = func(j jobs) func(n int) { return j.counter }
	namedTask   task = func(j jobs) func(n int) { return j.named }
	gaugeTask   task = func(j jobs) func(n int) { return j.gauge }
	offTask     task = func(j jobs) func(n int) { return j.off }
)

// BenchmarkTimer times an empty block.
func BenchmarkTimer(b *testing.B) { against(b, timerTask, "on=one", "on=all") }

// BenchmarkLabels times an empty block, on a series that is found by two values of labels.
func BenchmarkLabels(b *testing.B) { against(b, labelsTask, "on=one", "on=all") }

// BenchmarkCounter adds one to a counter that is at hand.
func BenchmarkCounter(b *testing.B) { against(b, counterTask, "on=one", "on=all") }

// BenchmarkNamed adds one to a counter that is found by its name.
func BenchmarkNamed(b *testing.B) { against(b, namedTask, "on=one", "on=all") }

// BenchmarkGauge sets a gauge.
func BenchmarkGauge(b *testing.B) { against(b, gaugeTask, "on=one") }

// BenchmarkOff times an empty block where timing is switched off.
func BenchmarkOff(b *testing.B) { against(b, offTask, "on=one") }

// against lets each rival do a job in turns with Zibrato: x-zibrato is how many times as long the rival takes.
func against(b *testing.B, of task, on ...string) {
	for _, r := range rivals {
		for _, w := range harness.Workers {
			if !slices.Contains(on, w.Name) {
				continue
			}
			b.Run("lib="+r.name+"/"+w.Name, func(b *testing.B) {
				theirs := r.start(b)
				run := of(theirs)
				if run == nil {
					b.SkipNow() // it has nothing of the kind
				}
				ours := theirs
				if r.name != "zibrato" {
					ours = zibratoByName(b)
				}
				results := harness.Compare(b, harness.CallSlice(w.N), w.N,
					measure.Case{Name: r.name, Run: run, Before: theirs.ready}, measure.Case{Name: "zibrato", Run: of(ours), Before: ours.ready})
				harness.Report(b, results)
				b.ReportMetric(float64(measure.Allocs(run)), "allocs/call")
			})
		}
	}
}

// BenchmarkEmptyBlock reads what each library reports of a block that does nothing, in the mean.
func BenchmarkEmptyBlock(b *testing.B) {
	for _, r := range rivals {
		if r.name == bare {
			continue
		}
		b.Run("lib="+r.name, func(b *testing.B) {
			j := r.start(b)
			if j.seen == nil {
				b.SkipNow()
			}
			harness.Once(b, func() {
				for end := time.Now().Add(harness.Time()); time.Now().Before(end); {
					j.timer(1000)
				}
			})
			count, nanos := j.seen()
			if nanos == 0 {
				b.SkipNow() // it does not tell
			}
			b.ReportMetric(nanos/float64(count), "reported-ns")
		})
	}
	b.Run("lib="+bare, func(b *testing.B) {
		var count int
		var total time.Duration
		harness.Once(b, func() {
			for end := time.Now().Add(harness.Time()); time.Now().Before(end); {
				for range 1000 {
					begun := time.Now()
					total += time.Since(begun)
					count++
				}
			}
		})
		b.ReportMetric(float64(total)/float64(count), "reported-ns")
	})
}
