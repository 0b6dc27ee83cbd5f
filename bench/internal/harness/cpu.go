package harness

import (
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// SampleRate is a busy service's: one sample a microsecond.
const SampleRate = 1e6

// CPUPerSample reports the processor time of the whole process that a sample takes at SampleRate, over all processors: that of some seconds with
// samples, less that of as many without. flush waits until what is behind the samples is done.
func CPUPerSample(b *testing.B, record func(n int), flush func()) {
	b.Helper()
	var perSample []float64
	Once(b, func() {
		const pairs = 5
		d := Time() / pairs
		for range pairs {
			n := 0
			with := CPUOf(func() {
				n = Paced(SampleRate, d, record)
				flush()
			})
			without := CPUOf(func() {
				Paced(SampleRate, d, func(n int) {
					for range n {
						Nothing()
					}
				})
				flush()
			})
			perSample = append(perSample, float64(with-without)/float64(n))
		}
	})
	q := measure.QuartilesOf(perSample)
	b.ReportMetric(q.Median, "cpu-ns/sample")
	b.ReportMetric(q.Q3-q.Q1, "quartiles-ns")
}

// IdleCPU reports the share of a processor that the process takes while it sleeps for a while.
func IdleCPU(b *testing.B, d time.Duration) {
	b.Helper()
	var used, took time.Duration
	Once(b, func() {
		time.Sleep(min(time.Second, d/2)) // what was recorded before is not quite over yet
		begun := time.Now()
		used = CPUOf(func() { time.Sleep(d) })
		took = time.Since(begun)
	})
	b.ReportMetric(100*float64(used)/float64(took), "core-%")
}
