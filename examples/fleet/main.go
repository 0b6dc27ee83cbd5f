//go:build cgo

// Command fleet is one of many workers. They publish through one forwarder; one backend merges what they measure and takes it to an OTLP receiver.
// README.md starts all of it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"os/signal"
	"syscall"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/publisher"
)

var (
	jobs    = zibrato.NewTimerVec("job", []string{"kind"}, zibrato.WithHelp("Jobs, by kind."))
	rows    = zibrato.NewCounter("rows", zibrato.WithUnit("{row}"), zibrato.WithHelp("Rows that were written."))
	workers = zibrato.NewUpDown("workers", zibrato.WithUnit("{worker}"), zibrato.WithHelp("Workers that are at work."))
)

func main() {
	to := flag.String("to", publisher.DefaultEndpoint, "the forwarder's endpoint for publishers")
	count := flag.Int("jobs", 0, "how many jobs to do; 0 means until told to end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *to, *count); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, to string, count int) error {
	// All workers are one source: their counts add up in the backend, and how many of them work is known there, too.
	if err := zibrato.Configure(zibrato.Config{Source: "fleet"}); err != nil {
		return err
	}
	pub, err := publisher.Start(publisher.Config{Endpoint: to, Logger: slog.Default()})
	if err != nil {
		return err
	}
	workers.Add(1)
	done := 0
	for ; ctx.Err() == nil && (count == 0 || done < count); done++ {
		work([]string{"import", "index", "mail"}[done%3])
	}
	workers.Add(-1)
	fmt.Println(done, "jobs done")
	return pub.Close() // sends what is left
}

func work(kind string) {
	defer jobs.With(kind).Start().Stop()
	time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	rows.Add(10)
}
