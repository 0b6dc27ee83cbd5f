package harness

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// Workers are the numbers of goroutines that a call is measured on.
var Workers = []struct {
	Name string
	N    int
}{{"on=one", 1}, {"on=all", runtime.GOMAXPROCS(0)}}

// PrintConfig says where figures come from, in lines that benchstat and others read; the go command adds the processor. It says nothing
// when no benchmark is to run. Flags must have been parsed.
func PrintConfig() {
	if flag.Lookup("test.bench").Value.String() != "" {
		fmt.Printf("goversion: %s\ngomaxprocs: %d\n", runtime.Version(), runtime.GOMAXPROCS(0))
	}
}

// Time is how long a benchmark should take: what -benchtime says, and for a number of iterations next to nothing.
func Time() time.Duration {
	d, err := time.ParseDuration(flag.Lookup("test.benchtime").Value.String())
	if err != nil {
		return 20 * time.Millisecond
	}
	return d
}

// Once runs f in the first iteration. A benchmark here takes as long as Time says by itself, so it needs no second one.
func Once(b *testing.B, f func()) {
	b.Helper()
	ran := false
	for b.Loop() {
		if !ran {
			f()
			ran = true
		}
	}
	b.ReportMetric(0, "ns/op") // the length of the benchmark says nothing, so whoever has a figure reports it
}

// Compare measures the cases in turns of a slice each, by so many goroutines at once, for as long as the benchmark should take.
func Compare(b *testing.B, slice time.Duration, workers int, cases ...measure.Case) (results []measure.Result) {
	b.Helper()
	Once(b, func() {
		var err error
		results, err = measure.Compare(b.Context(), measure.Config{For: Time(), Slice: slice, Workers: workers}, cases)
		if err != nil {
			b.Fatal(err)
		}
	})
	return results
}

// CallSlice is a slice for calls that record: too short to fill the ring at 150 million records a second, and flushed before the next one. Half of
// the slices or more see a pass of the drain.
func CallSlice(workers int) time.Duration { return 6 * time.Millisecond / time.Duration(workers) }

// WorkSlice is a slice for work that is timed on all processors and flushed at its end: long against the drain's passes, and against a flush, for which each goroutine
// waits some 50 µs.
const WorkSlice = 60 * time.Millisecond

// Report states the first case in nanoseconds, and in units of the others.
func Report(b *testing.B, results []measure.Result) {
	b.ReportMetric(results[0].Quartiles().Median, "ns/op")
	for _, r := range results[1:] {
		b.ReportMetric(results[0].Ratio(r).Median, "x-"+r.Name)
	}
}

// Difference returns how many nanoseconds more an operation of x takes than one of y, in the median of the rounds.
func Difference(x, y measure.Result) float64 {
	d := make([]float64, min(len(x.Ns), len(y.Ns)))
	for i := range d {
		d[i] = x.Ns[i] - y.Ns[i]
	}
	return measure.QuartilesOf(d).Median
}

// MedianError returns by how much the median of so many rounds may be off, at 95 % confidence, as their quartiles tell: 1.57 × their distance ÷ √n.
//
// McGill, Tukey, Larsen: Variations of Box Plots, 1978.
func MedianError(x []float64) float64 {
	q := measure.QuartilesOf(x)
	return 1.57 * (q.Q3 - q.Q1) / math.Sqrt(float64(len(x)))
}
