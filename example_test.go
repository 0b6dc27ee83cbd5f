package zibrato_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// show attaches a consumer to a recorder that prints what each series gains until the returned function is called. A
// program starts a publisher or a backend instead.
func show(r *zibrato.Recorder) (done func()) {
	return gains(r, func(s *metric.Series, gain metric.Totals) {
		fmt.Printf("%s %s %s", s.Level, s.Kind, s.Name)
		for _, t := range s.Tags {
			fmt.Printf(" %s=%s", t.Key, t.Value)
		}
		fmt.Printf(" count=%d", gain.Count)
		if s.Kind != metric.Timer && s.Kind != metric.Gauge {
			fmt.Printf(" sum=%v", s.Kind.InUnits(gain.Sum))
		}
		fmt.Println()
	})
}

// gains calls print, when the returned function is called, for each series that gained anything until then.
func gains(r *zibrato.Recorder, print func(*metric.Series, metric.Totals)) (done func()) {
	first, last := map[string]metric.Totals{}, map[string]metric.Entry{}
	tap, err := r.Attach(func(b *metric.Batch) {
		for _, e := range b.Entries {
			key := e.Series.Key()
			if _, known := first[key]; !known {
				first[key] = e.Before
			}
			last[key] = e
		}
	})
	if err != nil {
		panic(err)
	}
	tap.Watch(nil, func(zibrato.Level) bool { return true })
	return func() {
		if err := tap.Close(context.Background()); err != nil {
			panic(err)
		}
		var all []*metric.Series
		for key, e := range last {
			if e.After.Count > first[key].Count {
				all = append(all, e.Series)
			}
		}
		sortSeries(all)
		for _, s := range all {
			from, to := first[s.Key()], last[s.Key()].After
			gain := metric.Totals{Count: to.Count - from.Count, Sum: metric.IntValue(to.Sum.Int() - from.Sum.Int())}
			if !s.Kind.Integer() {
				gain.Sum = metric.FloatValue(to.Sum.Float() - from.Sum.Float())
			}
			print(s, gain)
		}
	}
}

func Example() {
	rec := zibrato.New(zibrato.Config{Source: "orders"}) // or the functions of the package
	defer show(rec)()

	func() {
		defer rec.Time("db.query")()
		rec.Count("rows", 3)
	}()
	// Output:
	// info timer db.query count=1
	// info counter rows count=1 sum=3
}

func ExampleTime() {
	defer show(zibrato.Default())()
	func() {
		defer zibrato.Time("db.query")()
	}()
	// Output: info timer db.query count=1
}

func ExampleTimeErr() {
	defer show(zibrato.Default())()
	_ = func() (err error) {
		defer zibrato.TimeErr("db.query", &err)()
		return errors.New("connection lost")
	}()
	// Output: info timer db.query outcome=error count=1
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
	defer show(zibrato.Default())()
	zibrato.Observe("db.query", 12*time.Millisecond)
	// Output: info timer db.query count=1
}

func ExampleCount() {
	defer show(zibrato.Default())()
	zibrato.Count("bytes.sent", 4096)
	// Output: info counter bytes.sent count=1 sum=4096
}

func ExampleInc() {
	defer show(zibrato.Default())()
	zibrato.Inc("jobs.done")
	// Output: info counter jobs.done count=1 sum=1
}

func ExampleSet() {
	defer show(zibrato.Default())()
	zibrato.Set("queue.depth", 17)
	// Output: info gauge queue.depth count=1
}

func ExampleRecord() {
	defer show(zibrato.Default())()
	zibrato.Record("payload.bytes", 5120)
	// Output: info distribution payload.bytes count=1 sum=5120
}

func ExampleWith() {
	defer show(zibrato.Default())()
	z := zibrato.With(zibrato.AtLevel(zibrato.LevelDebug), zibrato.Source("orders"), zibrato.Tag("region", "eu"))
	z.Time("db.query")()
	z.Inc("queries")
	// Output:
	// debug timer db.query region=eu count=1
	// debug counter queries region=eu count=1 sum=1
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
	defer show(rec)()
	rec.Inc("calls")
	// Output: info counter calls count=1 sum=1
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
	tap.Watch(func(l zibrato.Level) bool { return l == zibrato.LevelDebug }, nil)
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
	defer tap.Watch(nil, nil)
	tap.Watch(func(zibrato.Level) bool { return true }, nil)
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

func ExampleTap_Watch() {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	tap, err := rec.Attach(func(b *metric.Batch) {
		for _, s := range b.Samples {
			fmt.Println(b.Level, b.Entries[s.Entry].Series.Name)
		}
	})
	if err != nil {
		panic(err)
	}
	debug := rec.With(zibrato.AtLevel(zibrato.LevelDebug))
	debug.Inc("unwatched")
	tap.Watch(zibrato.LevelDebug.AndAbove().Include, nil)
	debug.Inc("watched")
	tap.Flush(context.Background())
	tap.Watch(nil, nil)
	debug.Inc("unwatched again")
	tap.Close(context.Background())
	// Output: debug watched
}

func ExampleTap_Close() {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	tap, err := rec.Attach(func(b *metric.Batch) { fmt.Println(b.Level, len(b.Samples), b.Final) })
	if err != nil {
		panic(err)
	}
	tap.Watch(func(l zibrato.Level) bool { return l == zibrato.LevelInfo }, nil)
	rec.Inc("jobs")
	tap.Flush(context.Background())
	fmt.Println(tap.Close(context.Background()))
	fmt.Println(tap.Close(context.Background())) // again, as a deferred one may
	// Output:
	// info 1 false
	// info 0 true
	// <nil>
	// <nil>
}

func ExampleConfig() {
	rec := zibrato.New(zibrato.Config{
		Source:    "orders",
		AlwaysOn:  []zibrato.Level{zibrato.LevelError}, // the rest while somebody asks for it
		MaxSeries: 500,
		RingBytes: 4 << 20,
		Latency:   10 * time.Millisecond,
	})
	defer rec.Close()
	defer show(rec)()
	rec.With(zibrato.AtLevel(zibrato.LevelError)).Inc("lost")
	// Output: error counter lost count=1 sum=1
}

func ExampleLevel() {
	rec := zibrato.New(zibrato.Config{})
	defer show(rec)()
	const audit zibrato.Level = "audit" // besides the five
	rec.With(zibrato.AtLevel(audit)).Inc("logins")
	// Output: audit counter logins count=1 sum=1
}
