package zibratotest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

// In a test this is the test's own t.
var t testing.TB = exampleTB{}

type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                   {}
func (exampleTB) Cleanup(func())            {}
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

func ExampleOverhead() {
	parse := func() { fmt.Sscan("17", new(int)) }
	_ = func(b *testing.B) { // func BenchmarkParse(b *testing.B)
		zibratotest.Overhead(b, parse, func() {
			defer zibrato.Time("parse")()
			parse()
		})
	}
}
