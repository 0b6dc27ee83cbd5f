package zibratotest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// sliceTime is how long each of the two runs at least before it is the other's turn: long against reading the clock, short against what else the
// machine does.
const sliceTime = time.Millisecond

// Overhead runs a benchmark of a piece of code twice, as it is and instrumented, and reports what instrumentation adds to one
// run of it:
//
//	func BenchmarkParse(b *testing.B) {
//		zibratotest.Overhead(b, func() { parse(doc) }, func() { defer zibrato.Time("parse")(); parse(doc) })
//	}
//
// It reports bare-ns/op, overhead-ns/op and overhead-% of the bare code; ns/op is the instrumented code's. The two run in turns, in slices of at
// least a millisecond, and medians count, so that what else the machine does hardly enters. An overhead can come out negative, which says
// that it drowns in the noise.
//
// Meanwhile a consumer of the default recorder takes summaries of all levels and encodes them, as a publisher does: what is instrumented is
// recorded, drained and folded as in a process that is watched. The code may use a recorder of its own instead, as [New] makes it.
// Compare with -cpu 1,2 what is left when the drain has no processor to itself.
func Overhead(b *testing.B, bare, instrumented func()) {
	b.Helper()
	publish(b, zibrato.Default())
	n := sliceLen(bare)
	var bares, instrumenteds, overheads []float64
	for b.Loop() {
		without, with := perCall(n, bare), perCall(n, instrumented)
		bares, instrumenteds, overheads = append(bares, without), append(instrumenteds, with), append(overheads, with-without)
	}
	b.ReportMetric(median(instrumenteds), "ns/op")
	b.ReportMetric(median(bares), "bare-ns/op")
	b.ReportMetric(median(overheads), "overhead-ns/op")
	b.ReportMetric(100*median(overheads)/median(bares), "overhead-%")
}

// publish does with a recorder's batches what a publisher does short of sending them, until the benchmark ends.
func publish(b *testing.B, r *zibrato.Recorder) {
	var frame []byte // the drain's
	tap, err := r.Attach(func(batch *metric.Batch) { frame = metric.AppendBatch(frame[:0], batch) })
	if err != nil {
		b.Fatalf("attaching to the recorder: %v", err)
	}
	tap.Watch(nil, func(zibrato.Level) bool { return true })
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := tap.Close(ctx); err != nil {
			b.Errorf("detaching from the recorder: %v", err)
		}
	})
}

// sliceLen returns how many calls take a slice.
func sliceLen(f func()) int {
	for n := 1; ; n *= 2 {
		if perCall(n, f)*float64(n) >= float64(sliceTime) {
			return n
		}
	}
}

func perCall(n int, f func()) float64 {
	begun := time.Now()
	for range n {
		f()
	}
	return float64(time.Since(begun).Nanoseconds()) / float64(n)
}

// median sorts x.
func median(x []float64) float64 {
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}
