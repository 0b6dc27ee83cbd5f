package zibrato_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func ExampleTimer_Start() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	queries := rec.NewTimer("db.query")
	func() {
		defer queries.Start().Stop()
	}()
	// Output: info timer db.query count=1
}

func ExampleTimer_Do() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.NewTimer("render").Do(func() { fmt.Println("rendering") })
	// Output:
	// rendering
	// info timer render count=1
}

func ExampleTimer_DoErr() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	err := rec.NewTimer("render").DoErr(func() error { return errors.New("no template") })
	fmt.Println(err)
	// Output:
	// no template
	// info timer render count=1
}

func ExampleTimer_Observe() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	t := rec.NewTimer("gc.pause")
	for _, pause := range []time.Duration{80 * time.Microsecond, 120 * time.Microsecond} {
		t.Observe(pause)
	}
	// Output: info timer gc.pause count=2
}

// What another program kept as a histogram, read once in a while: how much it gained since the last time.
func ExampleTimer_Merge() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	var gained metric.Histogram
	gained.Add(0.010, 900) // so many of about 10 ms
	gained.Add(0.200, 100)
	s := metric.SummaryOf(gained, 29.3) // and the exact sum, in seconds
	rec.NewTimer("db.query").Merge(&s)
	// Output: info timer db.query count=1000
}

func ExampleDistribution_Merge() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	// Only how many there were and what they add up to is known: no minimum, maximum or percentiles.
	rec.NewDistribution("payload", zibrato.WithUnit("By")).Merge(&metric.Summary{Count: 12, Sum: 61440})
	// Output:
	// info distribution payload count=12 sum=61440
	// info counter zibrato.samples.lost where=merged count=12 sum=12
}

func ExampleStopwatch_Stop() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	w := rec.NewTimer("first.byte").Start()
	reply := make(chan struct{})
	go func() {
		w.Stop() // where the block does not end in the function that began it
		close(reply)
	}()
	<-reply
	// Output: info timer first.byte count=1
}

func ExampleStopwatch_StopAs() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	requests := rec.NewTimerVec("request", []string{"status"})
	timing := requests.With("200").Start()
	status := "404" // known only when the request was served
	timing.StopAs(requests.With(status))
	// Output: info timer request status=404 count=1
}

func ExampleCounter_Inc() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	jobs := rec.NewCounter("jobs.done")
	jobs.Inc()
	jobs.Inc()
	// Output: info counter jobs.done count=2 sum=2
}

func ExampleCounter_Add() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	sent := rec.NewCounter("bytes.sent", zibrato.WithUnit("By"))
	sent.Add(4096)
	// Output: info counter bytes.sent count=1 sum=4096
}

func ExampleUpDown_Add() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	open := rec.NewUpDown("conns.open")
	open.Add(3)
	open.Add(-1)
	// Output: info updown conns.open count=2 sum=2
}

func ExampleGauge_Set() {
	rec := zibrato.New(zibrato.Config{})
	tap, err := rec.Attach(func(b *metric.Batch) {
		for _, s := range b.Samples {
			fmt.Println(b.Entries[s.Entry].Series.Name, s.Value.Float())
		}
	})
	if err != nil {
		panic(err)
	}
	tap.Watch(func(l zibrato.Level) bool { return l == zibrato.LevelInfo }, nil)
	rec.NewGauge("queue.depth").Set(17)
	tap.Close(context.Background())
	// Output: queue.depth 17
}

func ExampleDistribution_Record() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	sizes := rec.NewDistribution("payload", zibrato.WithUnit("By"))
	sizes.Record(512)
	sizes.Record(5120)
	// Output: info distribution payload count=2 sum=5632
}

func ExampleCounterVec_With() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	jobs := rec.NewCounterVec("jobs", []string{"queue"})
	jobs.With("mail").Inc()
	jobs.With("print").Add(2)
	jobs.With("mail").Inc()
	// Output:
	// info counter jobs queue=mail count=2 sum=2
	// info counter jobs queue=print count=1 sum=2
}

func ExampleUpDownVec_With() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	open := rec.NewUpDownVec("conns.open", []string{"pool"})
	open.With("main").Add(2)
	open.With("replica").Add(1)
	// Output:
	// info updown conns.open pool=main count=1 sum=2
	// info updown conns.open pool=replica count=1 sum=1
}

func ExampleGaugeVec_With() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	depth := rec.NewGaugeVec("queue.depth", []string{"queue"})
	depth.With("mail").Set(4)
	depth.With("print").Set(0)
	// Output:
	// info gauge queue.depth queue=mail count=1
	// info gauge queue.depth queue=print count=1
}

func ExampleDistributionVec_With() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	sizes := rec.NewDistributionVec("payload", []string{"kind"})
	sizes.With("json").Record(512)
	sizes.With("xml").Record(2048)
	// Output:
	// info distribution payload kind=json count=1 sum=512
	// info distribution payload kind=xml count=1 sum=2048
}

// A consumer that hands batches on tells what became of them.
func ExampleTap_Report() {
	rec := zibrato.New(zibrato.Config{})
	var frame []byte
	sent := make(chan int64, 16)
	tap, err := rec.Attach(func(b *metric.Batch) {
		frame = metric.AppendBatch(frame[:0], b)
		sent <- int64(len(frame)) // … after sending it somewhere
	})
	if err != nil {
		panic(err)
	}
	tap.Watch(nil, func(l zibrato.Level) bool { return l == zibrato.LevelInfo })
	rec.Inc("calls")
	if err := tap.Flush(context.Background()); err != nil {
		panic(err)
	}
	tap.Report(zibrato.Handled{Bytes: <-sent, Spent: 20 * time.Microsecond})
	fmt.Println(tap.Close(context.Background()))
	// Output: <nil>
}

func ExampleHandled() {
	h := zibrato.Handled{Bytes: 65536, Spent: 20 * time.Microsecond} // one message was sent
	fmt.Println(h.Bytes, h.Lost, h.Spent)
	// Output: 65536 0 20µs
}
