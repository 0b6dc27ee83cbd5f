package zexpvar_test

import (
	"context"
	"expvar"
	"fmt"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/instrument/zexpvar"
	"github.com/zibrato/zibrato/metric"
)

// stdout is a sink that prints what this example wants to see.
type stdout struct{}

func (stdout) Write(_ context.Context, w *metric.Window) error {
	for _, s := range w.Series {
		switch {
		case s.Name == "shop.requests":
			fmt.Println(s.Kind, s.Name, s.Tag("method"), s.IntSum)
		case s.Name == "shop.queue":
			fmt.Println(s.Kind, s.Name, s.Detail.Last)
		}
	}
	return nil
}

func (stdout) Close(context.Context) error { return nil }

var (
	requests = expvar.NewMap("shop.requests") // as a program has them
	queue    = expvar.NewInt("shop.queue")
)

// A whole program: variables of package expvar, and a backend within the process.
func Example() {
	rec := zibrato.New(zibrato.Config{}) // a program would take the default recorder
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{stdout{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close() // flushes

	r, err := zexpvar.Start(zexpvar.Config{
		Scope:   rec.With(),
		Counter: func(name string) bool { return name == "shop.requests" },
		Tag: func(variable string) string {
			if variable == "shop.requests" {
				return "method"
			}
			return ""
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close() // reads a last time

	requests.Add("GET", 3)
	requests.Add("PUT", 1)
	queue.Set(17)
	// Output:
	// gauge shop.queue 17
	// counter shop.requests GET 3
	// counter shop.requests PUT 1
}

func ExampleStart() {
	_, err := zexpvar.Start(zexpvar.Config{Every: time.Millisecond})
	fmt.Println(err)
	// Output: zexpvar: Config.Every 1ms: want at least 100ms
}

func ExampleConfig() {
	r, err := zexpvar.Start(zexpvar.Config{
		Scope:   zibrato.With(zibrato.AtLevel(zibrato.LevelDebug)),
		Counter: func(name string) bool { return strings.HasSuffix(name, ".count") },
		Select:  func(variable string) bool { return strings.HasPrefix(variable, "shop.") },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Close())
	// Output: <nil>
}

func ExampleReader() {
	r, err := zexpvar.Start(zexpvar.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Read() // what was counted until now, before the interval is over
	fmt.Println(r.Close())
	// Output: <nil>
}
