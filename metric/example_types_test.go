package metric_test

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/zibrato/zibrato/metric"
)

func ExampleIntValue() {
	v := metric.IntValue(-3)
	fmt.Println(v.Int())
	// Output: -3
}

func ExampleFloatValue() {
	v := metric.FloatValue(21.5)
	fmt.Println(v.Float())
	// Output: 21.5
}

func ExampleValue() {
	v := metric.IntValue(int64(20 * time.Millisecond)) // a word; the kind says what it holds
	fmt.Println(metric.Timer.Integer(), v.Int(), metric.Timer.InUnits(v))
	// Output: true 20000000 0.02
}

func ExampleKind() {
	for _, k := range metric.Kinds {
		fmt.Println(uint8(k), k, k.Integer())
	}
	fmt.Println(metric.Kind(9).Valid())
	// Output:
	// 1 timer true
	// 2 counter true
	// 3 updown true
	// 4 gauge false
	// 5 distribution false
	// false
}

func ExampleKind_Integer() {
	fmt.Println(metric.Timer.Integer(), metric.Gauge.Integer())
	// Output: true false
}

func ExampleLevel() {
	fmt.Println(metric.Info.Valid(), metric.Level("audit").Valid(), metric.Level("zsmp1").Valid())
	// Output: true true false
}

func ExampleLevels() {
	levels := metric.Warning.AndAbove()
	fmt.Println(levels, levels.Include(metric.Critical), levels.Include("audit"))
	fmt.Println(metric.Levels{}.Include("audit")) // the empty choice means all
	// Output:
	// warning,error,critical true false
	// true
}

func ExampleBatch() {
	b := queries()
	fmt.Println(b.Level, b.Process.Program, b.HasTotals())
	for _, s := range b.Samples {
		series := b.Entries[s.Entry].Series
		fmt.Println(series.Name, series.Kind.InUnits(s.Value), b.Base.Add(time.Duration(s.Time)*time.Microsecond).Unix())
	}
	b.Reset()
	fmt.Println(len(b.Entries), len(b.Samples))
	// Output:
	// info orders true
	// db.query 0.0125 1700000060
	// 0 0
}

func ExampleDecodeError() {
	err := metric.DecodeText([]byte("jobs.done 5"), new(metric.Batch))
	var malformed *metric.DecodeError
	fmt.Println(errors.As(err, &malformed), malformed.Reason)
	// Output: true fields
}

func ExampleReason() {
	var count [metric.Reasons]int
	for _, frame := range []string{"", "info|Gauge|depth|much|1|s", "info|Gauge|depth|7|1|s"} {
		var malformed *metric.DecodeError
		if errors.As(metric.DecodeText([]byte(frame), new(metric.Batch)), &malformed) {
			count[malformed.Reason]++
		}
	}
	for r, n := range count {
		if n > 0 {
			fmt.Println(metric.Reason(r), n)
		}
	}
	// Output:
	// fields 1
	// number 1
}

func ExampleRecorderID() {
	var id metric.RecorderID
	fmt.Println(id.IsZero())
	id[0] = 0xfe
	fmt.Println(id, id.IsZero())
	// Output:
	// true
	// fe000000000000000000000000000000 false
}

func ExampleSeries_Tag() {
	s := &metric.Series{Kind: metric.Timer, Name: "db.query", Tags: []metric.Tag{{Key: "table", Value: "users"}}}
	fmt.Printf("%q %q\n", s.Tag("table"), s.Tag("region"))
	// Output: "users" ""
}

func ExampleHistogram_Quantile() {
	var h metric.Histogram
	h.Add(1, 99)
	h.Add(1000, 1)
	fmt.Printf("%.2f %.0f %v\n", h.Quantile(0.99), h.Quantile(1), h.Quantile(2))
	// Output: 0.99 991 NaN
}

func ExampleHistogram_Clone() {
	var h metric.Histogram
	h.Add(1, 2)
	c := h.Clone()
	h.Add(1, 1)
	fmt.Println(c.Count(), h.Count())
	// Output: 2 3
}

func ExampleHistogram_Scale() {
	var h metric.Histogram
	h.Add(1e-9, 1)
	fmt.Println(h.Scale() == metric.DefaultScale)
	h.Add(1e9, 1) // 60 powers of two apart: the buckets become wider
	fmt.Println(h.Scale(), h.RelativeError() < 0.03)
	// Output:
	// true
	// 4 true
}

func ExampleSummary_Merge() {
	var morning, evening metric.Summary
	morning.Add(1)
	evening.Add(3)
	morning.Merge(&evening)
	fmt.Println(morning.Count, morning.Mean(), morning.Last)
	// Output: 2 2 3
}

func ExampleSummary_Mean() {
	var s metric.Summary
	fmt.Println(math.IsNaN(s.Mean()))
	s.Add(1)
	s.Add(2)
	fmt.Println(s.Mean())
	// Output:
	// true
	// 1.5
}

func ExampleAggregate_HasDetail() {
	a := metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Name: "jobs.done"}, Count: 3, Sum: 12, IntSum: 12}
	fmt.Println(a.Name, a.Sum, a.HasDetail()) // what a counter's calls were is not kept
	// Output: jobs.done 12 false
}

func ExampleWindow() {
	end := time.Date(2026, 3, 1, 12, 1, 0, 0, time.UTC)
	w := metric.Window{
		Start: end.Add(-time.Minute), End: end, Interval: time.Minute,
		Series: []metric.Aggregate{{Series: &metric.Series{Kind: metric.Counter, Name: "jobs.done"}, Count: 3, Sum: 12, IntSum: 12}},
	}
	for i := range w.Series {
		a := &w.Series[i]
		fmt.Println(a.Name, a.Sum/w.End.Sub(w.Start).Seconds(), "a second")
	}
	// Output: jobs.done 0.2 a second
}

// What lies in a ring: the recorder that owns the ring knows the series by its number.
func ExampleRecord() {
	r := metric.Record{Series: 7, Value: metric.IntValue(int64(20 * time.Millisecond))}
	fmt.Println(r.Series, metric.Timer.InUnits(r.Value))
	// Output: 7 0.02
}
