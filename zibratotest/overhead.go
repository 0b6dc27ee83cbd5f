package zibratotest

import (
	"math"
	"testing"
	"time"
)

// Overhead runs a benchmark of a piece of code twice, as it is and instrumented, and reports what instrumentation adds to one
// run of it:
//
//	func BenchmarkParse(b *testing.B) {
//		zibratotest.Overhead(b, func() { parse(doc) }, func() { defer zibrato.Time("parse")(); parse(doc) })
//	}
//
// It reports bare-ns/op, overhead-ns/op and overhead-% of the bare code; ns/op is the mean of both. The two run in turns, in slices of at least a
// millisecond, and the fastest slice of each counts, so that what else the machine does hardly enters. An overhead can come out negative,
// which says that it drowns in the noise.
func Overhead(b *testing.B, bare, instrumented func()) {
	b.Helper()
	n := sliceLen(bare)
	best := [2]float64{math.Inf(1), math.Inf(1)}
	for b.Loop() {
		for i, f := range [2]func(){bare, instrumented} {
			best[i] = min(best[i], perCall(n, f))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(2*n), "ns/op")
	b.ReportMetric(best[0], "bare-ns/op")
	b.ReportMetric(best[1]-best[0], "overhead-ns/op")
	b.ReportMetric(100*(best[1]-best[0])/best[0], "overhead-%")
}

// sliceLen returns how many calls take a millisecond.
func sliceLen(f func()) int {
	for n := 1; ; n *= 2 {
		if perCall(n, f)*float64(n) >= 1e6 {
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
