package bench

import (
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

// sampleRate is a busy service's: one sample a microsecond.
const sampleRate = 1e6

// BenchmarkProcess measures processor time of the whole process, as the system accounts it.
//
// rate=1M: what a sample of a timer takes, call, drain, folding, encoding and waking up included, at a million a second on all processors: the
// process' time with them less that of the same loops without the call. bench/network has the same with a publisher instead of a consumer that only encodes.
//
// rate=0: what a process with an attached consumer takes while nothing is recorded.
func BenchmarkProcess(b *testing.B) {
	if measure.CPUTime() == 0 {
		b.Skip("the system does not say what a process has used")
	}
	r := zibrato.New(zibrato.Config{})
	c := consume(b, r)
	timer := r.NewTimer("bench.process")
	b.Run("rate=1M", func(b *testing.B) {
		var perSample []float64
		once(b, func() {
			const pairs = 5
			d := benchTime() / pairs
			for range pairs {
				with, n := cpuOf(func() int {
					n := paced(sampleRate, d, func(n int) {
						for range n {
							timeDeferred(timer)
						}
					})
					c.flush()
					return n
				})
				without, _ := cpuOf(func() int {
					return paced(sampleRate, d, func(n int) {
						for range n {
							nothing()
						}
					})
				})
				perSample = append(perSample, float64(with-without)/float64(n))
			}
		})
		q := measure.QuartilesOf(perSample)
		b.ReportMetric(0, "ns/op") // the length of the benchmark says nothing
		b.ReportMetric(q.Median, "cpu-ns/sample")
		b.ReportMetric(q.Q3-q.Q1, "quartiles-ns")
	})
	b.Run("rate=0", func(b *testing.B) {
		c.flush()
		var used, took time.Duration
		once(b, func() {
			begun := time.Now()
			used, _ = cpuOf(func() int { time.Sleep(2 * benchTime()); return 0 })
			took = time.Since(begun)
		})
		b.ReportMetric(0, "ns/op") // the length of the benchmark says nothing
		b.ReportMetric(100*float64(used)/float64(took), "core-%")
	})
}

// cpuOf returns what the process used while f ran.
func cpuOf(f func() int) (used time.Duration, n int) {
	before := measure.CPUTime()
	n = f()
	return measure.CPUTime() - before, n
}
