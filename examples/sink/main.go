// Command sink has a sink of its own: it posts each window to a URL as a line of JSON per series, without ZeroMQ.
// docs/writing-a-sink.md walks through it.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: sink URL")
	}
	b, err := backend.Start(backend.Config{
		From: backend.InProcess(zibrato.Default()), Interval: time.Second, Sinks: []backend.Sink{newSink(os.Args[1])},
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 100 {
		work()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := b.Shutdown(ctx); err != nil { // writes the last window
		log.Fatal(err)
	}
}

func work() {
	defer zibrato.Time("work")()
	time.Sleep(time.Millisecond)
}
