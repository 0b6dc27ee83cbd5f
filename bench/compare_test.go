package bench

import (
	"flag"
	"runtime"
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/measure"
)

// workers are the numbers of goroutines that a call is measured on.
var workers = []struct {
	name string
	n    int
}{{"on=one", 1}, {"on=all", runtime.GOMAXPROCS(0)}}

// benchTime is how long a benchmark should take: what -benchtime says, and for a number of iterations next to nothing.
func benchTime() time.Duration {
	d, err := time.ParseDuration(flag.Lookup("test.benchtime").Value.String())
	if err != nil {
		return 20 * time.Millisecond
	}
	return d
}

// once runs f in the first iteration. A benchmark here takes as long as benchTime says by itself, so it needs no second one.
func once(b *testing.B, f func()) {
	b.Helper()
	ran := false
	for b.Loop() {
		if !ran {
			f()
			ran = true
		}
	}
}

// compare measures the cases in turns for as long as the benchmark should take.
func compare(b *testing.B, n int, cases ...measure.Case) (results []measure.Result) {
	b.Helper()
	once(b, func() {
		var err error
		// Slices hold several passes of the drain, and too few records to fill the ring.
		cfg := measure.Config{For: benchTime(), Slice: 10 * time.Millisecond / time.Duration(n), Workers: n}
		if results, err = measure.Compare(b.Context(), cfg, cases); err != nil {
			b.Fatal(err)
		}
	})
	return results
}

// report states the first case in nanoseconds and in units of the others.
func report(b *testing.B, results []measure.Result) {
	b.ReportMetric(results[0].Quartiles().Median, "ns/op")
	for _, r := range results[1:] {
		b.ReportMetric(results[0].Ratio(r).Median, "x-"+r.Name)
	}
}
