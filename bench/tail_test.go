package bench

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/measure"
)

// stalled is the latency from which a call counts as stalled.
const stalled = 100 * time.Microsecond

// latencies of one loop, by all its goroutines.
type latencies struct {
	call measure.Tail // what stands between two readings of the counter: the call, or nothing
	turn measure.Tail // the work and the call
}

// A node makes the heap worth marking.
type node struct {
	next *node
	_    [6]uintptr
}

// heap returns a list that the collector has to walk, of so many bytes.
func heap(bytes int) *node {
	var head *node
	for range bytes / 64 {
		head = &node{next: head}
	}
	return head
}

var garbage [64]*node // keeps what loops allocate for a moment; a race between them costs nothing

// tailLoop works on every processor until it is over: some arithmetic, an allocation now and then, a call.
func tailLoop(d time.Duration, l *latencies, call func()) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for p := range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			var own latencies
			end := time.Now().Add(d)
			for time.Now().Before(end) {
				for i := range 1000 {
					begun := measure.Ticks()
					spins := measure.Spin(20)
					if i%8 == 0 {
						garbage[p%len(garbage)] = &node{}
					}
					before := measure.Ticks()
					call()
					after := measure.Ticks()
					if spins != 0 {
						own.call.Add(after - before)
						own.turn.Add(after - begun)
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			l.call.Merge(&own.call)
			l.turn.Merge(&own.turn)
		})
	}
	all.Wait()
}

// BenchmarkTail measures the latency of single calls while all processors work and allocate and the collector runs, in turns with the same loop
// without the call (bare): what the system and the collector do to a loop, they do to both. The latency is that between two readings of the processor's
// counter, which is in it. stalls are the turns of the loop, work and call together, that took longer than 100 µs.
func BenchmarkTail(b *testing.B) {
	r := zibrato.Default()
	consume(b, r)
	timer := r.NewTimer("bench.tail")
	live := heap(32 << 20)
	for _, call := range []struct {
		name string
		f    func()
	}{
		{"Time", timeByName},
		{"Timer.Start+Stop,deferred", func() { timeDeferred(timer) }},
	} {
		b.Run("call="+call.name, func(b *testing.B) {
			var with, bare latencies
			once(b, func() {
				const turns = 5
				for turn := range 2 * turns {
					d := benchTime() / (2 * turns)
					if turn%2 == 0 {
						tailLoop(d, &with, call.f)
					} else {
						tailLoop(d, &bare, nothing)
					}
				}
			})
			b.ReportMetric(0, "ns/op") // the length of the benchmark says nothing
			reportTail(b, "", &with.call)
			reportTail(b, "bare-", &bare.call)
			w, o := per1e8(&with.turn), per1e8(&bare.turn)
			b.ReportMetric(w, "stalls/1e8")
			b.ReportMetric(o, "bare-stalls/1e8")
			b.ReportMetric(float64(with.call.Count()), "calls")
			if o > 0 {
				b.ReportMetric(w/o, "x-bare-stalls")
			}
		})
	}
	runtime.KeepAlive(live)
}

func reportTail(b *testing.B, prefix string, t *measure.Tail) {
	rate := measure.TicksPerNanosecond()
	for _, q := range []struct {
		name string
		q    float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"p99.99", 0.9999}, {"max", 1}} {
		b.ReportMetric(float64(t.Quantile(q.q))/rate, prefix+q.name+"-ns")
	}
}

// per1e8 returns how many of 10⁸ turns stalled.
func per1e8(t *measure.Tail) float64 {
	limit := int64(float64(stalled) * measure.TicksPerNanosecond())
	return float64(t.Above(limit)) * 1e8 / float64(max(t.Count(), 1))
}
