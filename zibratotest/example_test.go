package zibratotest_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

// In a test this is the test's own t.
var t testing.TB = exampleTB{cleanup: func(func()) {}}

type exampleTB struct {
	testing.TB
	cleanup func(func())
}

func (exampleTB) Helper()                   {}
func (tb exampleTB) Cleanup(f func())       { tb.cleanup(f) }
func (exampleTB) Errorf(f string, a ...any) { fmt.Printf(f, a...) }
func (exampleTB) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// serve is instrumented with a recorder that it is given.
func serve(rec *zibrato.Recorder) {
	rec.Inc("requests")
	rec.Observe("render", 20*time.Millisecond)
}

func ExampleNew() {
	rec := zibratotest.New(t)
	defer rec.Close() // in a test, New sees to that

	serve(rec.Recorder)
	serve(rec.Recorder)

	fmt.Println(rec.Calls("requests"), rec.Sum("render"), rec.Durations("render"))
	// Output: 2 0.04 [20ms 20ms]
}

// benchmark is testing.Benchmark, but brief.
func benchmark(f func(*testing.B)) testing.BenchmarkResult {
	was := flag.Lookup("test.benchtime").Value.String()
	flag.Set("test.benchtime", "2x")
	defer flag.Set("test.benchtime", was)
	return testing.Benchmark(f)
}

func ExampleOverhead() {
	parse := func() { fmt.Sscan("17", new(int)) }
	result := benchmark(func(b *testing.B) { // func BenchmarkParse(b *testing.B)
		zibratotest.Overhead(b, parse, func() {
			defer zibrato.Time("parse")()
			parse()
		})
	})
	// go test -bench Parse prints ns/op of the instrumented code, and beside it:
	for _, unit := range []string{"bare-ns/op", "overhead-ns/op", "overhead-%"} {
		_, stated := result.Extra[unit]
		fmt.Println(unit, stated)
	}
	// Output:
	// bare-ns/op true
	// overhead-ns/op true
	// overhead-% true
}
