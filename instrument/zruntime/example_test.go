package zruntime_test

import (
	"context"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/instrument/zruntime"
	"github.com/zibrato/zibrato/metric"
)

// A whole program, but for where its measurements go: see package publisher, or backend.InProcess.
func Example() {
	c, err := zruntime.Start(zruntime.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println("the runtime is watched")
	// Output: the runtime is watched
}

func ExampleStart() {
	_, err := zruntime.Start(zruntime.Config{Every: time.Millisecond})
	fmt.Println(err)
	// Output: zruntime: Config.Every 1ms: want at least 100ms
}

func ExampleCollector() {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	read := make(chan string, 1)
	tap, err := rec.Attach(func(b *metric.Batch) {
		for _, e := range b.Entries {
			if e.Series.Name == "go.goroutine.count" {
				select {
				case read <- fmt.Sprint(e.Series.Kind, " ", e.Series.Name):
				default:
				}
			}
		}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tap.Close(context.Background())
	tap.Watch(func(zibrato.Level) bool { return true }, nil)
	c, err := zruntime.Start(zruntime.Config{Scope: rec.With(), Every: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	c.Read() // beside the interval, such as before the program ends
	fmt.Println(<-read)
	// Output: gauge go.goroutine.count
}

func ExampleConfig() {
	debug := zibrato.With(zibrato.AtLevel(zibrato.LevelDebug)) // read only while somebody subscribes to it
	c, err := zruntime.Start(zruntime.Config{Scope: debug, Every: time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Close())
	// Output: <nil>
}
