package bench

import (
	"runtime"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

// BenchmarkTail measures the latency of single calls while all processors work and allocate and the collector runs, in turns with the same loop
// without the call (bare): what the system and the collector do to a loop, they do to both. The latency is that between two readings of the processor's
// counter, which is in it. stalls are the turns of the loop, work and call together, that took longer than 100 µs. In a loop that takes a microsecond
// more of them are due to the drain, which then has less to do each time that it stops a turn.
func BenchmarkTail(b *testing.B) {
	r := zibrato.Default()
	harness.Consume(b, r)
	timer := r.NewTimer("bench.tail")
	live := harness.NewHeap(32 << 20)
	for _, call := range []struct {
		name  string
		spins int
		f     func()
	}{
		{"Time", harness.Busy, timeByName},
		{"Time,1µs-apart", measure.SpinsFor(time.Microsecond), timeByName},
		{"Timer.Start+Stop,deferred", harness.Busy, func() { timeDeferred(timer) }},
	} {
		b.Run("call="+call.name, func(b *testing.B) {
			all := harness.CompareLatencies(b, call.spins, call.f, harness.Nothing)
			with, bare := all[0], all[1]
			harness.ReportTail(b, "", &with.Call)
			harness.ReportTail(b, "bare-", &bare.Call)
			b.ReportMetric(with.Stalls(), "stalls/1e8")
			b.ReportMetric(bare.Stalls(), "bare-stalls/1e8")
			b.ReportMetric(float64(with.Call.Count()), "calls")
		})
	}
	runtime.KeepAlive(live)
}
