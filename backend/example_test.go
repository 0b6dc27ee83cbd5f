package backend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// printer is a sink.
type printer struct{}

func (printer) Write(_ context.Context, w *metric.Window) error {
	for _, a := range w.Series {
		if a.Source == "example" {
			fmt.Println(a.Kind, a.Name, a.Count, a.Sum)
		}
	}
	return nil
}

func (printer) Close(context.Context) error { return nil }

func Example() {
	rec := zibrato.New(zibrato.Config{Source: "example"})
	defer rec.Close()
	b, err := backend.Start(backend.Config{
		From:     backend.InProcess(rec),
		Interval: time.Hour,
		Sinks:    []backend.Sink{printer{}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Count("jobs.done", 5)
	rec.Count("jobs.done", 2)
	rec.Record("payload.bytes", 5120)
	if err := b.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// counter jobs.done 2 7
	// distribution payload.bytes 1 5120
}

func ExampleRetry() {
	err := backend.Retry(fmt.Errorf("429 Too Many Requests"), 30*time.Second)
	after, retry := backend.RetryAfter(err)
	fmt.Println(err, after, retry)
	// Output: 429 Too Many Requests 30s true
}

func ExampleReject() {
	err := backend.Reject(fmt.Errorf("names longer than 255 bytes"), 2)
	n, rejected := backend.Rejected(err)
	_, retry := backend.RetryAfter(err)
	fmt.Println(err, n, rejected, retry)
	// Output: 2 series refused: names longer than 255 bytes 2 true false
}
