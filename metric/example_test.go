package metric_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/metric"
)

func queries() *metric.Batch {
	return &metric.Batch{
		Process: metric.Process{Recorder: metric.RecorderID{1}, Host: "web-1", Program: "orders", PID: 4711, Start: time.Unix(1700000000, 0)},
		Level:   metric.Info,
		Seq:     1,
		Base:    time.Unix(1700000060, 0),
		Entries: []metric.Entry{{
			Series: &metric.Series{Kind: metric.Timer, Level: metric.Info, Name: "db.query", Source: "orders", Unit: "s", Tags: []metric.Tag{{Key: "table", Value: "users"}}},
			After:  metric.Totals{Count: 1, Sum: metric.IntValue(12_500_000)},
		}},
		Samples: []metric.Sample{{Value: metric.IntValue(12_500_000)}},
	}
}

func ExampleAppendBatch() {
	frame := metric.AppendBatch(nil, queries())
	var b metric.Batch
	if err := metric.DecodeBatch(frame, &b); err != nil {
		fmt.Println(err)
	}
	for _, s := range b.Samples {
		series := b.Entries[s.Entry].Series
		fmt.Println(series.Name, series.Tag("table"), series.Kind.InUnits(s.Value), series.Unit)
	}
	// Output: db.query users 0.0125 s
}

func ExampleDecodeBatch() {
	frame := metric.AppendBatch(nil, queries())
	frame[40] ^= 1 // a stranger's
	var malformed *metric.DecodeError
	if errors.As(metric.DecodeBatch(frame, new(metric.Batch)), &malformed) {
		fmt.Println(malformed.Reason)
	}
	// Output: checksum
}

func ExampleAppendText() {
	fmt.Println(string(metric.AppendText(nil, queries(), 0)))
	// Output: info|Timer|db.query.users|0.0125|1700000060|orders
}

func ExampleDecodeText() {
	var b metric.Batch
	if err := metric.DecodeText([]byte("info|counters|jobs.done|5|1700000000|orders"), &b); err != nil {
		fmt.Println(err)
	}
	s := b.Entries[0].Series
	fmt.Println(b.Level, s.Kind, s.Name, b.Samples[0].Value.Int(), b.Base.UTC().Format(time.RFC3339), s.Source, b.HasTotals())
	fmt.Println(metric.DecodeText([]byte("info|Gauge|depth|NaN|1700000000|orders"), &b))
	// Output:
	// info counter jobs.done 5 2023-11-14T22:13:20Z orders false
	// malformed message: number: value "NaN" of a gauge
}

func ExampleIsBinary() {
	fmt.Println(metric.IsBinary([]byte("zsmp1|info|...")), metric.IsBinary([]byte("info|Gauge|depth|1|1|s")))
	// Output: true false
}

func ExampleEntrySize() {
	fmt.Println(metric.EntrySize(&metric.Series{Kind: metric.Counter, Name: "jobs.done", Source: "orders"}))
	// Output: 68
}

func ExampleHistogram() {
	var h metric.Histogram
	for i := range 1000 {
		h.Add(float64(i+1), 1)
	}
	fmt.Printf("%d values, median about %.0f, within %.2f %%\n", h.Count(), h.Quantile(0.5), 100*h.RelativeError())
	// Output: 1000 values, median about 496, within 1.09 %
}

func ExampleHistogram_Merge() {
	var a, b metric.Histogram
	a.Add(0.010, 3)
	b.Add(10, 1)
	a.Merge(&b)
	fmt.Printf("%d %.3f %.1f\n", a.Count(), a.Quantile(0.75), a.Quantile(1))
	// Output: 4 0.010 10.0
}

func ExampleSummary() {
	var s, later metric.Summary
	for _, v := range []float64{2, 4, 4, 4} {
		s.Add(v)
	}
	for _, v := range []float64{5, 5, 7, 9} {
		later.Add(v)
	}
	s.Merge(&later)
	fmt.Println(s.Count, s.Sum, s.Min, s.Max, s.Last, s.Mean(), s.StdDev(), s.SumSquares())
	// Output: 8 40 2 9 9 5 2 232
}

func ExampleSummary_Quantile() {
	var s metric.Summary
	s.Add(3)
	fmt.Println(s.Quantile(0.99))
	// Output: 3
}

func ExampleParseLevels() {
	levels, err := metric.ParseLevels("warning+, audit")
	fmt.Println(levels, err, levels.Include(metric.Error), levels.Include(metric.Info))
	// Output: warning,error,critical,audit <nil> true false
}

func ExampleLevel_AndAbove() {
	fmt.Println(metric.Error.AndAbove())
	// Output: error,critical
}

func ExampleLegalName() {
	for _, s := range []string{"größe", "a|b", "a\nb", ""} {
		name, ok := metric.LegalName(s)
		fmt.Println(name, ok)
	}
	// Output:
	// größe true
	// a_b~294c7dd6 false
	// a_b~28e4c710 false
	// unnamed~811c9dc5 false
}

func ExampleLegalTag() {
	tag, ok := metric.LegalTag(metric.Tag{Key: "a|b", Value: ""})
	fmt.Printf("%q %v\n", tag, ok)
	// Output: {"a_b~294c7dd6" ""} false
}

func ExampleLegalLevel() {
	fmt.Println(metric.LegalLevel("info"))
	fmt.Println(metric.LegalLevel("very important"))
	// Output:
	// info true
	// very_important-d53e9a7b false
}

func ExampleLegalText() {
	fmt.Println(metric.LegalText("time per\nquery", metric.MaxHelpLen))
	// Output: time per_query
}

func ExampleSortTags() {
	fmt.Println(metric.SortTags([]metric.Tag{{Key: "table", Value: "users"}, {Key: "region", Value: "eu"}, {Key: "table", Value: "orders"}}))
	// Output: [{region eu} {table orders}]
}

func ExampleSeries_Key() {
	a := &metric.Series{Kind: metric.Timer, Level: metric.Info, Name: "db.query", Unit: "s"}
	b := &metric.Series{Kind: metric.Timer, Level: metric.Info, Name: "db.query", Help: "time per query"}
	fmt.Println(a.Key() == b.Key())
	// Output: true
}

func ExampleSeries_Compare() {
	a := &metric.Series{Level: metric.Info, Name: "z"}
	b := &metric.Series{Level: metric.Error, Name: "a"}
	fmt.Println(a.Compare(b))
	// Output: -1
}

func ExampleKind_InUnits() {
	fmt.Println(metric.Timer.InUnits(metric.IntValue(1_500_000)), metric.Gauge.InUnits(metric.FloatValue(17)))
	// Output: 0.0015 17
}

func ExampleAggregate_Mean() {
	// Of ten calls, nine were received as samples; count and sum are exact all the same.
	a := metric.Aggregate{Series: &metric.Series{Kind: metric.Timer}, Count: 10, Sum: 2.5}
	for range 9 {
		a.Detail.Add(0.2)
	}
	fmt.Println(a.Mean(), a.HasDetail())
	// Output: 0.25 true
}

func ExampleSetUptime() {
	frame := metric.AppendBatch(nil, queries())
	metric.SetUptime(frame, time.Hour) // it waited
	var b metric.Batch
	fmt.Println(metric.DecodeBatch(frame, &b), b.Uptime)
	// Output: <nil> 1h0m0s
}
