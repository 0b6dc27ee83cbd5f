package backend_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// A worker in the program that it measures.
func ExampleStart() {
	rec := zibrato.New(zibrato.Config{Source: "example"}) // a program leaves it at the default recorder
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Sinks: []backend.Sink{printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Inc("jobs.done")
	fmt.Println(b.Close())
	// Output:
	// counter jobs.done 1 1
	// <nil>
}

func ExampleConfig() {
	cfg := backend.Config{
		From:     backend.InProcess(zibrato.New(zibrato.Config{})),
		Sinks:    []backend.Sink{printer{}},
		Interval: time.Millisecond,
		Apart:    backend.ByHost,
	}
	_, err := backend.Start(cfg)
	fmt.Println(err)
	// Output: backend: Config.Interval is 1ms: want at least 100ms, or 0 for 1m0s
}

// A backend that goes on where the last one was, after a kill too.
func ExampleConfig_dir() {
	dir, err := os.MkdirTemp("", "zibrato")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	rec := zibrato.New(zibrato.Config{Source: "example"})
	defer rec.Close()
	for range 2 {
		b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Sinks: []backend.Sink{printer{}}, Dir: dir})
		if err != nil {
			fmt.Println(err)
			return
		}
		rec.Count("jobs.done", 5)
		fmt.Println(b.Close())
	}
	// Output:
	// counter jobs.done 1 5
	// <nil>
	// counter jobs.done 1 5
	// <nil>
}

func ExampleApart() {
	fmt.Println(backend.None, backend.ByHost, backend.ByProcess)
	// Output: none host process
}

// Only errors and worse; what else is recorded does not reach the backend.
func ExampleInProcess() {
	rec := zibrato.New(zibrato.Config{Source: "example"})
	defer rec.Close()
	b, err := backend.Start(backend.Config{
		From:  backend.InProcess(rec, metric.Error.AndAbove()...),
		Sinks: []backend.Sink{printer{}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Inc("orders")
	rec.With(zibrato.AtLevel(zibrato.LevelError)).Inc("orders.lost")
	if err := b.Close(); err != nil {
		fmt.Println(err)
	}
	// Output: counter orders.lost 1 1
}

// The windows are the same, made from each single sample; only a sink could tell by how soon they come.
func ExampleInProcessSamples() {
	rec := zibrato.New(zibrato.Config{Source: "example"})
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcessSamples(rec), Sinks: []backend.Sink{printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Observe("db.query", 20*time.Millisecond)
	if err := b.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(b.Stats().Samples > 0, b.Stats().Summaries)
	// Output:
	// timer db.query 1 0.02
	// true 0
}

// worst is a sink that remembers the longest call of a timer.
type worst struct {
	name    string
	seconds float64
}

func (s *worst) Write(_ context.Context, w *metric.Window) error {
	for i := range w.Series {
		if a := &w.Series[i]; a.Name == s.name && a.HasDetail() {
			s.seconds = max(s.seconds, a.Detail.Max)
		}
	}
	return nil
}

func (s *worst) Close(context.Context) error { return nil }

func ExampleSink() {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	sink := &worst{name: "db.query"}
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Sinks: []backend.Sink{sink}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Observe("db.query", 20*time.Millisecond)
	rec.Observe("db.query", 250*time.Millisecond)
	if err := b.Close(); err != nil { // from here on the sink is no longer in use
		fmt.Println(err)
	}
	fmt.Println(sink.seconds)
	// Output: 0.25
}

// once is a source that brings one batch.
type once struct{ batch *metric.Batch }

func (s once) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	deliver(s.batch)
	<-ctx.Done()
	return nil
}

func (once) Close() error { return nil }

func ExampleSource() {
	var batch metric.Batch
	if err := metric.DecodeText([]byte("info|Counter|jobs.done|5|1700000000|example"), &batch); err != nil {
		fmt.Println(err)
	}
	b, err := backend.Start(backend.Config{From: once{&batch}, Sinks: []backend.Sink{printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Close())
	// Output:
	// counter jobs.done 1 5
	// <nil>
}

func ExampleBackend_Shutdown() {
	rec := zibrato.New(zibrato.Config{Source: "example"})
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Sinks: []backend.Sink{printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Count("bytes.sent", 4096)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.Shutdown(ctx); err != nil {
		fmt.Println(err) // what was lost
	}
	// Output: counter bytes.sent 1 4096
}

// broken is a source that fails.
type broken struct{}

func (broken) Receive(context.Context, func(*metric.Batch)) error {
	return errors.New("no route to host")
}
func (broken) Close() error { return nil }

func ExampleBackend_Done() {
	b, err := backend.Start(backend.Config{From: broken{}, Sinks: []backend.Sink{printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	<-b.Done() // a program waits for its signals besides
	fmt.Println(b.Err())
	// Output: backend: source: no route to host
}

func ExampleBackend_Stats() {
	rec := zibrato.New(zibrato.Config{Source: "example"})
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Sinks: []backend.Sink{printer{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Inc("jobs.done")
	if err := b.Close(); err != nil {
		fmt.Println(err)
	}
	s := b.Stats()
	fmt.Println(s.Windows, "window,", s.LostSamples, "samples lost")
	for _, sink := range s.Sinks {
		fmt.Println(sink.Name, "wrote", sink.Written, "dropped", sink.Dropped)
	}
	// Output:
	// counter jobs.done 1 1
	// 1 window, 0 samples lost
	// backend_test.printer wrote 1 dropped 0
}

func ExampleRetryAfter() {
	fmt.Println(backend.RetryAfter(backend.Retry(errors.New("busy"), time.Minute)))
	fmt.Println(backend.RetryAfter(errors.New("connection reset")))
	fmt.Println(backend.RetryAfter(nil))
	// Output:
	// 1m0s true
	// 0s true
	// 0s false
}

func ExampleRejected() {
	fmt.Println(backend.Rejected(backend.Reject(errors.New("name too long"), 3)))
	fmt.Println(backend.Rejected(errors.New("connection reset")))
	// Output:
	// 3 true
	// 0 false
}
