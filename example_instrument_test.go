package zibrato_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func sortSeries(s []*metric.Series) {
	slices.SortFunc(s, (*metric.Series).Compare)
}

// As a rule instruments are package variables.
var queries = zibrato.NewTimer("db.query", zibrato.AtLevel(zibrato.LevelDebug), zibrato.Tag("table", "users"), zibrato.WithHelp("queries of users"))

func ExampleNewTimer() {
	defer show(zibrato.Default())()
	func() {
		defer queries.Start().Stop()
	}()
	// Output: debug timer db.query table=users count=1
}

func ExampleNewCounter() {
	defer show(zibrato.Default())()
	jobs := zibrato.NewCounter("jobs.done")
	jobs.Inc()
	// Output: info counter jobs.done count=1 sum=1
}

func ExampleNewUpDown() {
	defer show(zibrato.Default())()
	open := zibrato.NewUpDown("conns.open")
	open.Add(2)
	open.Add(-1)
	// Output: info updown conns.open count=2 sum=1
}

func ExampleNewGauge() {
	defer show(zibrato.Default())()
	depth := zibrato.NewGauge("queue.depth")
	depth.Set(17)
	// Output: info gauge queue.depth count=1
}

func ExampleNewGaugeFunc() {
	stop := zibrato.NewGaugeFunc("pool.idle", func() float64 { return 3 })
	defer stop() // asked while a consumer watches
	// Output:
}

func ExampleNewDistribution() {
	defer show(zibrato.Default())()
	sizes := zibrato.NewDistribution("payload", zibrato.WithUnit("By"))
	sizes.Record(5120)
	// Output: info distribution payload count=1 sum=5120
}

func ExampleNewTimerVec() {
	defer show(zibrato.Default())()
	reqs := zibrato.NewTimerVec("http.request", []string{"route", "status"})
	route, status := "/orders", "200"
	func() {
		defer reqs.With(route, status).Start().Stop()
	}()
	// Output: info timer http.request route=/orders status=200 count=1
}

func ExampleNewCounterVec() {
	defer show(zibrato.Default())()
	zibrato.NewCounterVec("jobs", []string{"queue"}).With("mail").Inc()
	// Output: info counter jobs queue=mail count=1 sum=1
}

func ExampleNewUpDownVec() {
	defer show(zibrato.Default())()
	zibrato.NewUpDownVec("conns.open", []string{"pool"}).With("main").Add(1)
	// Output: info updown conns.open pool=main count=1 sum=1
}

func ExampleNewGaugeVec() {
	defer show(zibrato.Default())()
	zibrato.NewGaugeVec("queue.depth", []string{"queue"}).With("mail").Set(4)
	// Output: info gauge queue.depth queue=mail count=1
}

func ExampleNewDistributionVec() {
	defer show(zibrato.Default())()
	zibrato.NewDistributionVec("payload", []string{"kind"}, zibrato.WithUnit("By")).With("json").Record(512)
	// Output: info distribution payload kind=json count=1 sum=512
}

func ExampleTimer() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	t := rec.NewTimer("render")
	t.Do(func() {})
	t.Observe(20 * time.Millisecond)
	fmt.Println(t.DoErr(func() error { return errors.New("no template") }))
	// Output:
	// no template
	// info timer render count=3
}

func ExampleStopwatch() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	w := rec.NewTimer("between").Start()
	w.Stop()
	// Output: info timer between count=1
}

func ExampleCounter() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	jobs := rec.NewCounter("jobs")
	jobs.Inc()
	jobs.Add(4)
	// Output: info counter jobs count=2 sum=5
}

func ExampleUpDown() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	open := rec.NewUpDown("open")
	open.Add(3)
	open.Add(-1)
	// Output: info updown open count=2 sum=2
}

func ExampleGauge() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	rec.NewGauge("depth").Set(17)
	// Output: info gauge depth count=1
}

func ExampleDistribution() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	sizes := rec.NewDistribution("size")
	sizes.Record(0.5)
	sizes.Record(2)
	// Output: info distribution size count=2 sum=2.5
}

func ExampleTimerVec_With() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	reqs := rec.NewTimerVec("http.request", []string{"route", "status"})
	reqs.With("/", "200").Observe(time.Millisecond)
	reqs.With("/", "500").Observe(time.Millisecond)
	// Output:
	// info timer http.request route=/ status=200 count=1
	// info timer http.request route=/ status=500 count=1
}

func ExampleScope() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	eu := rec.With(zibrato.Tag("region", "eu"))
	eu.Inc("orders")
	eu.With(zibrato.AtLevel(zibrato.LevelDebug), zibrato.Tag("step", "pay")).Inc("orders")
	// Output:
	// debug counter orders region=eu step=pay count=1 sum=1
	// info counter orders region=eu count=1 sum=1
}

func ExampleScope_TimeErr() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	query := func(fail bool) (err error) {
		defer rec.TimeErr("query", &err)()
		if fail {
			return errors.New("no")
		}
		return nil
	}
	query(false)
	query(true)
	query(false)
	// Output:
	// info timer query outcome=error count=1
	// info timer query outcome=ok count=2
}

func ExampleOption() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	common := []zibrato.Option{zibrato.Source("db-1"), zibrato.Tag("role", "primary")}
	rec.NewCounter("reads", common...).Inc()
	rec.NewCounter("writes", append(common, zibrato.AtLevel(zibrato.LevelWarning))...).Inc()
	// Output:
	// info counter reads role=primary count=1 sum=1
	// warning counter writes role=primary count=1 sum=1
}
