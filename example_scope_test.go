package zibrato_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func ExampleScope_Time() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	func() {
		defer rec.Time("db.query")()
	}()
	// Output: info timer db.query count=1
}

func ExampleScope_Watched() {
	rec := zibrato.New(zibrato.Config{})
	debug := rec.With(zibrato.AtLevel(zibrato.LevelDebug))
	if debug.Watched() {
		debug.Set("tree.depth", 17) // after a walk through the tree
	}
	fmt.Println(debug.Watched())
	// Output: false
}

func ExampleScope_Do() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.Do("render", func() { fmt.Println("rendering") })
	// Output:
	// rendering
	// info timer render count=1
}

func ExampleScope_DoErr() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	err := rec.DoErr("render", func() error { return errors.New("no template") })
	fmt.Println(err)
	// Output:
	// no template
	// info timer render outcome=error count=1
}

func ExampleScope_Observe() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.Observe("db.query", 12*time.Millisecond)
	// Output: info timer db.query count=1
}

func ExampleScope_Count() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.Count("bytes.sent", 4096)
	// Output: info counter bytes.sent count=1 sum=4096
}

func ExampleScope_Inc() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.Inc("jobs.done")
	// Output: info counter jobs.done count=1 sum=1
}

func ExampleScope_Set() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.Set("queue.depth", 17)
	// Output: info gauge queue.depth count=1
}

func ExampleScope_Record() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.Record("ratio", 0.5)
	rec.Record("ratio", 0.25)
	// Output: info distribution ratio count=2 sum=0.75
}

func ExampleScope_With() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	eu := rec.With(zibrato.Tag("region", "eu"))
	eu.Inc("orders")
	eu.With(zibrato.Tag("step", "pay")).Inc("orders")
	// Output:
	// info counter orders region=eu count=1 sum=1
	// info counter orders region=eu step=pay count=1 sum=1
}

func ExampleScope_NewTimer() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	queries := rec.NewTimer("db.query", zibrato.Tag("table", "users"))
	queries.Start().Stop()
	// Output: info timer db.query table=users count=1
}

func ExampleScope_NewCounter() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	eu := rec.With(zibrato.Tag("region", "eu"))
	eu.NewCounter("orders").Add(2)
	// Output: info counter orders region=eu count=1 sum=2
}

func ExampleScope_NewUpDown() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	open := rec.NewUpDown("conns.open")
	open.Add(1)
	open.Add(-1)
	// Output: info updown conns.open count=2 sum=0
}

func ExampleScope_NewGauge() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.NewGauge("temperature", zibrato.WithUnit("Cel")).Set(21.5)
	// Output: info gauge temperature count=1
}

func ExampleScope_NewGaugeFunc() {
	rec := zibrato.New(zibrato.Config{AskEvery: time.Millisecond})
	tap, err := rec.Attach(func(*metric.Batch) {})
	if err != nil {
		panic(err)
	}
	defer tap.Close(context.Background())
	tap.Watch(zibrato.LevelDebug.AndAbove().Include, nil) // nobody who watches, no question
	asked := make(chan struct{}, 1)
	stop := rec.NewGaugeFunc("pool.idle", func() float64 {
		select {
		case asked <- struct{}{}:
		default: // asked before
		}
		return 3
	}, zibrato.AtLevel(zibrato.LevelDebug))
	defer stop()
	<-asked
	fmt.Println("asked")
	// Output: asked
}

func ExampleScope_NewDistribution() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.NewDistribution("payload", zibrato.WithUnit("By")).Record(5120)
	// Output: info distribution payload count=1 sum=5120
}

func ExampleScope_NewTimerVec() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	queries := rec.NewTimerVec("db.query", []string{"table"})
	queries.With("users").Observe(time.Millisecond)
	// Output: info timer db.query table=users count=1
}

func ExampleScope_NewCounterVec() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	jobs := rec.NewCounterVec("jobs", []string{"queue"})
	jobs.With("mail").Inc()
	// Output: info counter jobs queue=mail count=1 sum=1
}

func ExampleScope_NewUpDownVec() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	open := rec.NewUpDownVec("conns.open", []string{"pool"})
	open.With("main").Add(1)
	// Output: info updown conns.open pool=main count=1 sum=1
}

func ExampleScope_NewGaugeVec() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	depth := rec.NewGaugeVec("queue.depth", []string{"queue"})
	depth.With("mail").Set(4)
	// Output: info gauge queue.depth queue=mail count=1
}

func ExampleScope_NewDistributionVec() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	sizes := rec.NewDistributionVec("payload", []string{"kind"})
	sizes.With("json").Record(512)
	// Output: info distribution payload kind=json count=1 sum=512
}
