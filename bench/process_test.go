package bench

import (
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

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
	c := harness.Consume(b, r)
	timer := r.NewTimer("bench.process")
	b.Run("rate=1M", func(b *testing.B) {
		harness.CPUPerSample(b, func(n int) {
			for range n {
				timeDeferred(timer)
			}
		}, c.Flush)
	})
	b.Run("rate=0", func(b *testing.B) {
		c.Flush()
		harness.IdleCPU(b, 2*harness.Time())
	})
}
