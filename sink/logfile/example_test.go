package logfile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/logfile"
)

// example is a window as a backend makes it.
func example() *metric.Window {
	jobs := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "jobs.done", Source: "orders", Tags: []metric.Tag{{Key: "region", Value: "eu"}}}
	return &metric.Window{
		Start:  time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Series: []metric.Aggregate{{Series: jobs, Count: 3, Sum: 47, IntSum: 47}},
	}
}

// somewhere is a path for a log; done removes what became of it.
func somewhere() (path string, done func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "metrics.log"), func() { os.RemoveAll(dir) }
}

// The zero Config writes to standard output.
func Example() {
	s, err := logfile.New(logfile.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close(context.Background())
	if err := s.Write(context.Background(), example()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"time":"2026-03-01T12:00:00Z","name":"jobs.done","kind":"counter","unit":"","level":"info","source":"orders","tags":{"region":"eu"},"count":3,"sum":47,"min":null,"max":null,"last":null,"stddev":null,"p50":null,"p90":null,"p95":null,"p99":null,"p999":null}
}

// A file is rotated; here after a megabyte, and three old ones are kept: metrics.log.1 to metrics.log.3.
func ExampleNew() {
	path, done := somewhere()
	defer done()
	s, err := logfile.New(logfile.Config{Path: path, MaxBytes: 1 << 20, Keep: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Write(context.Background(), example()); err != nil {
		fmt.Println(err)
	}
	if err := s.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	text, err := os.ReadFile(path)
	fmt.Printf("%.60s... %v\n", text, err)
	// Output:
	// {"time":"2026-03-01T12:00:00Z","name":"jobs.done","kind":"co... <nil>
}
