//go:build cgo && unix

package network

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// BenchmarkFault compares what a call costs while the forwarder works, stands still (SIGSTOP), and is dead (SIGKILL): three recorders of this process,
// each with its publisher and a forwarder in a process of its own, called in turns within one run. The ratios are to the one that works.
func BenchmarkFault(b *testing.B) {
	faults := []struct {
		name   string
		signal syscall.Signal
	}{{"alive", syscall.SIGCONT}, {"frozen", syscall.SIGSTOP}, {"dead", syscall.SIGKILL}}
	for _, workers := range []int{1, 2} {
		b.Run(map[int]string{1: "alone", 2: "two"}[workers], func(b *testing.B) {
			var cases []measure.Case
			for _, f := range faults {
				in, process := startPeer(b)
				r := zibrato.New(zibrato.Config{})
				pub, err := publisher.Start(publisher.Config{Recorder: r, Endpoint: in, CloseTimeout: 100 * time.Millisecond})
				fatalIf(b, err)
				b.Cleanup(func() {
					process.Signal(syscall.SIGCONT) // or it would not end; the dead one does not mind
					pub.Close()                     // which fails where nobody takes the rest
					fatalIf(b, r.Close())
				})
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				fatalIf(b, pub.WaitSubscriber(ctx, metric.Info))
				cancel()
				fatalIf(b, process.Signal(f.signal))
				timer := r.NewTimer("bench.fault")
				cases = append(cases, measure.Case{Name: f.name, Run: func(n int) {
					for range n {
						timeDeferred(timer)
					}
				}})
			}
			results := harness.Compare(b, harness.CallSlice(workers), workers, cases...)
			for _, r := range results[1:] {
				b.ReportMetric(r.Ratio(results[0]).Median, r.Name+"/alive")
			}
		})
	}
}
