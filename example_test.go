package zibrato_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// show attaches a consumer to a recorder that prints the totals of each series when the returned function is called. A
// program starts a publisher or a backend instead.
func show(r *zibrato.Recorder) func() {
	total := map[string]metric.Entry{}
	tap, err := r.Attach(func(b *metric.Batch) {
		for _, e := range b.Entries {
			total[e.Series.Key()] = e
		}
	})
	if err != nil {
		panic(err)
	}
	tap.Watch(func(zibrato.Level) bool { return true })
	return func() {
		tap.Close(context.Background())
		var all []*metric.Series
		for _, e := range total {
			all = append(all, e.Series)
		}
		sortSeries(all)
		for _, s := range all {
			e := total[s.Key()]
			fmt.Printf("%s %s %s", s.Level, s.Kind, s.Name)
			for _, t := range s.Tags {
				fmt.Printf(" %s=%s", t.Key, t.Value)
			}
			fmt.Printf(" count=%d", e.After.Count)
			if s.Kind != metric.Timer && s.Kind != metric.Gauge {
				fmt.Printf(" sum=%v", s.Kind.InUnits(e.After.Sum))
			}
			fmt.Println()
		}
	}
}

func Example() {
	rec := zibrato.New(zibrato.Config{Source: "orders"}) // or the functions of the package
	done := show(rec)

	func() {
		defer rec.Time("db.query")()
		rec.Count("rows", 3)
	}()

	done()
	// Output:
	// info timer db.query count=1
	// info counter rows count=1 sum=3
}

func ExampleTime() {
	defer zibrato.Time("db.query")()
}

func ExampleTimeErr() {
	_ = func() (err error) {
		defer zibrato.TimeErr("db.query", &err)()
		return errors.New("connection lost") // a sample with outcome=error
	}
}

func ExampleDo() {
	zibrato.Do("render", func() { fmt.Println("rendering") })
	// Output: rendering
}

func ExampleDoErr() {
	err := zibrato.DoErr("render", func() error { return errors.New("no template") })
	fmt.Println(err)
	// Output: no template
}

func ExampleObserve() {
	zibrato.Observe("db.query", 12*time.Millisecond)
}

func ExampleCount() {
	zibrato.Count("bytes.sent", 4096)
}

func ExampleInc() {
	zibrato.Inc("jobs.done")
}

func ExampleSet() {
	zibrato.Set("queue.depth", 17)
}

func ExampleRecord() {
	zibrato.Record("payload.bytes", 5120)
}

func ExampleWith() {
	z := zibrato.With(zibrato.AtLevel(zibrato.LevelDebug), zibrato.Source("orders"), zibrato.Tag("region", "eu"))
	defer z.Time("db.query")()
	z.Inc("queries")
}

func ExampleConfigure() {
	err := zibrato.Configure(zibrato.Config{MaxSeries: -1})
	fmt.Println(err)
	// Output: zibrato: Config.MaxSeries -1: want 1 to 1000000
}

func ExampleDefault() {
	fmt.Println(zibrato.Default() == zibrato.Default())
	// Output: true
}

func ExampleNew() {
	rec := zibrato.New(zibrato.Config{Source: "library"})
	defer rec.Close()
	rec.Inc("calls") // nothing consumes it: costs a branch
}

func ExampleRecorder_Attach() {
	rec := zibrato.New(zibrato.Config{})
	tap, err := rec.Attach(func(b *metric.Batch) {
		for _, s := range b.Samples {
			fmt.Println(b.Level, b.Entries[s.Entry].Series.Name, s.Value.Int())
		}
	})
	if err != nil {
		panic(err)
	}
	tap.Watch(func(l zibrato.Level) bool { return l == zibrato.LevelDebug })
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).Observe("step", 250)
	rec.Observe("not watched", 1)
	if err := tap.Close(context.Background()); err != nil {
		panic(err)
	}
	// Output: debug step 250
}

func ExampleTap_Flush() {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	tap, err := rec.Attach(func(b *metric.Batch) { fmt.Println(len(b.Samples), "samples") })
	if err != nil {
		panic(err)
	}
	defer tap.Watch(nil)
	tap.Watch(func(zibrato.Level) bool { return true })
	rec.Observe("t", 1)
	rec.Observe("t", 2)
	tap.Flush(context.Background())
	// Output: 2 samples
}

func ExampleRecorder_Close() {
	rec := zibrato.New(zibrato.Config{})
	rec.Close()
	_, err := rec.Attach(func(*metric.Batch) {})
	fmt.Println(errors.Is(err, zibrato.ErrClosed))
	// Output: true
}

func ExampleRecorder_ID() {
	a, b := zibrato.New(zibrato.Config{}), zibrato.New(zibrato.Config{})
	fmt.Println(a.ID() == b.ID())
	// Output: false
}
