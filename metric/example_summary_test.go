package metric_test

import (
	"fmt"

	"github.com/zibrato/zibrato/metric"
)

func ExampleAccumulator() {
	var a metric.Accumulator
	for _, seconds := range []float64{0.010, 0.020, 0.030} {
		a.Add(seconds)
	}
	s := a.Summary() // its histogram is the accumulator's: use it, or clone it, before Reset
	fmt.Printf("%d calls, %.2f s, the last took %v s\n", s.Count, s.Sum, s.Last)
	a.Reset()
	fmt.Println(a.Count())
	// Output:
	// 3 calls, 0.06 s, the last took 0.03 s
	// 0
}

// The batch's detail says which message is made, and the message which detail is read.
func ExampleDetail() {
	b := queries()
	var a metric.Accumulator
	for _, s := range b.Samples {
		a.Add(b.Entries[s.Entry].Series.Kind.InUnits(s.Value))
	}
	b.Detail, b.Summaries = metric.Summaries, []metric.EntrySummary{{Entry: 0, Summary: a.Summary()}}
	frame := metric.AppendBatch(nil, b)
	fmt.Printf("%s\n", frame[:len("zsum1|info|")])

	var got metric.Batch
	if err := metric.DecodeBatch(frame, &got); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Detail, len(got.Samples), len(got.Summaries))
	// Output:
	// zsum1|info|
	// summaries 0 1
}

func ExampleEntrySummary() {
	b := queries()
	var a metric.Accumulator
	a.Add(0.0125)
	b.Summaries = []metric.EntrySummary{{Entry: 0, Summary: a.Summary()}}
	for _, s := range b.Summaries {
		fmt.Println(b.Entries[s.Entry].Series.Name, s.Count, s.Max, s.Quantile(0.99))
	}
	// Output: db.query 1 0.0125 0.0125
}

func ExampleSummarySize() {
	var a metric.Accumulator
	for i := range 1000 {
		a.Add(1 + float64(i)/1000) // 32 buckets
	}
	s := a.Summary()
	fmt.Println(metric.SummarySize(&s), "bytes")
	// Output: 102 bytes
}

// What comes from another kind of histogram, such as a native one of Prometheus at schema 3.
func ExampleNewHistogram() {
	h, err := metric.NewHistogram(3, 0, metric.Buckets{Offset: -8, Counts: []uint64{2, 0, 5, 1}}, metric.Buckets{})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := metric.SummaryOf(h, 5.1) // the sum is known there
	fmt.Printf("%d values, mean %.2f, median %.2f within %.0f %%\n", s.Count, s.Mean(), s.Quantile(0.5), 100*h.RelativeError())
	// Output: 8 values, mean 0.64, median 0.62 within 4 %
}

func ExampleSummaryOf() {
	var h metric.Histogram
	h.Add(0.010, 3) // three values of about 10 ms
	h.Add(0.040, 1)
	s := metric.SummaryOf(h, 0.071)
	fmt.Printf("%d values from %.3f to %.3f, sum %v\n", s.Count, s.Min, s.Max, s.Sum)
	// Output: 4 values from 0.010 to 0.040, sum 0.071
}

func ExampleSummary_Valid() {
	var s metric.Summary
	s.Add(-1)
	fmt.Println(s.Valid(metric.Distribution), s.Valid(metric.Timer))
	// Output: true false
}
