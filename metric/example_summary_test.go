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
