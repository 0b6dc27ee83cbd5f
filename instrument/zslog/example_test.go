package zslog_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/instrument/zslog"
	"github.com/zibrato/zibrato/metric"
)

// stdout is a sink that prints what this example wants to see.
type stdout struct{}

func (stdout) Write(_ context.Context, w *metric.Window) error {
	for _, s := range w.Series {
		if s.Name == "log.records" {
			fmt.Println(s.Name, s.Tag("level"), s.IntSum)
		}
	}
	return nil
}

func (stdout) Close(context.Context) error { return nil }

// A whole program: a logger whose records are counted, and a backend within the process.
func Example() {
	rec := zibrato.New(zibrato.Config{}) // a program would take the default recorder, by the zero zslog.Config
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{stdout{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close() // flushes

	next := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey { // so that the output of this example is always the same
			return slog.Attr{}
		}
		return a
	}})
	logger := slog.New(zslog.Handler(next, zslog.Config{Scope: rec.With()})) // and slog.SetDefault(logger)
	logger.Info("served", "items", 3)
	logger.Error("no connection")
	logger.Debug("this one the text handler refuses")
	// Output:
	// level=INFO msg=served items=3
	// level=ERROR msg="no connection"
	// log.records error 1
	// log.records info 1
}

func ExampleHandler() {
	logger := slog.New(zslog.Handler(slog.DiscardHandler, zslog.Config{})) // on the default recorder
	fmt.Println(logger.Enabled(context.Background(), slog.LevelError))     // what the wrapped handler says
	// Output: false
}

func ExampleConfig() {
	logger := slog.New(zslog.Handler(nil, zslog.Config{Scope: zibrato.With(zibrato.Tag("logger", "audit"))}))
	logger.Info("is counted, and goes nowhere")
	// Output:
}
