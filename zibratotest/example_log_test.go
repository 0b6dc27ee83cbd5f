package zibratotest_test

import (
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

// For code that calls the functions of package zibrato.
func ExampleCapture() {
	var ended []func() // a test runs these itself
	log := zibratotest.Capture(exampleTB{cleanup: func(f func()) { ended = append(ended, f) }})
	zibrato.Count("rows", 3)
	fmt.Println(log.Calls("rows"), log.Sum("rows"))
	for _, f := range ended {
		f()
	}
	// Output: 1 3
}

func ExampleTag() {
	rec := zibratotest.New(t)
	defer rec.Close()
	requests := rec.NewCounterVec("requests", []string{"status"})
	requests.With("200").Add(7)
	requests.With("500").Inc()
	fmt.Println(rec.Sum("requests"), rec.Sum("requests", zibratotest.Tag("status", "500")))
	// Output: 8 1
}

func ExampleRecorder() {
	rec := zibratotest.New(t, zibrato.Config{Source: "orders"})
	defer rec.Close()
	rec.Inc("requests")
	for _, s := range rec.Series() {
		fmt.Println(s.Level, s.Kind, s.Name, s.Source)
	}
	// Output: info counter requests orders
}

func ExampleLog_Calls() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.Count("rows", 10)
	rec.Count("rows", 5)
	fmt.Println(rec.Calls("rows"), "calls")
	// Output: 2 calls
}

func ExampleLog_Sum() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.Count("rows", 10)
	rec.Count("rows", 5)
	rec.Observe("render", 20*time.Millisecond)
	fmt.Println(rec.Sum("rows"), "rows,", rec.Sum("render"), "seconds")
	// Output: 15 rows, 0.02 seconds
}

func ExampleLog_Durations() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.Observe("render", 20*time.Millisecond)
	fmt.Println(rec.Durations("render"))
	// Output: [20ms]
}

func ExampleLog_Last() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.Set("queue.depth", 17)
	fmt.Println(rec.Last("queue.depth"))
	fmt.Println(rec.Last("queue.width"))
	// Output:
	// 17 true
	// 0 false
}

func ExampleLog_Samples() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.With(zibrato.Tag("kind", "json")).Record("payload", 512)
	for _, s := range rec.Samples("payload") {
		fmt.Println(s.Series.Name, s.Series.Tag("kind"), s.Value)
	}
	// Output: payload json 512
}

func ExampleLog_Series() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.Inc("requests")
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).Inc("steps")
	for _, s := range rec.Series() {
		fmt.Println(s.Level, s.Name)
	}
	// Output:
	// debug steps
	// info requests
}

func ExampleLog_Misuses() {
	rec := zibratotest.New(t)
	defer rec.Close()
	rec.Count("rows", -1) // a counter only grows
	fmt.Println(rec.Misuses())
	// Output: map[negative:1]
}

func ExampleLog_Notices() {
	rec := zibratotest.New(t, zibrato.Config{MaxSeries: -1})
	defer rec.Close()
	rec.Inc("requests")
	for _, n := range rec.Notices() {
		fmt.Println(n)
	}
	// Output: zibrato: Config.MaxSeries -1: want 1 to 1000000; the default holds
}

func ExampleLog_Summary() {
	rec := zibratotest.New(t)
	defer rec.Close()
	for i := range 100 {
		rec.Record("size", float64(i+1))
	}
	s := rec.Summary("size")
	fmt.Printf("%d values from %v to %v, median %.0f\n", s.Count, s.Min, s.Max, s.Quantile(0.5))
	// Output: 100 values from 1 to 100, median 50
}
