// Command inprocess measures itself without ZeroMQ, and without cgo: the backend works in the measured process, and writes
// a line of JSON for each series and second to standard output.
//
//	CGO_ENABLED=0 go run .
//	go run . -for 10s | jq -r 'select(.kind == "timer") | [.name, .count, .p99] | @tsv'
package main

import (
	"flag"
	"log"
	"math/rand/v2"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/logfile"
)

var (
	jobs    = zibrato.NewTimer("job", zibrato.WithHelp("Jobs, from taking one to having done it."))
	sizes   = zibrato.NewDistribution("job.size", zibrato.WithUnit("By"))
	waiting = zibrato.NewGauge("jobs.waiting", zibrato.WithUnit("{job}"))
)

func main() {
	duration := flag.Duration("for", 3*time.Second, "how long to work")
	flag.Parse()
	if err := run(*duration); err != nil {
		log.Fatal(err)
	}
}

func run(duration time.Duration) error {
	lines, err := logfile.New(logfile.Config{}) // standard output
	if err != nil {
		return err
	}
	b, err := backend.Start(backend.Config{
		From:     backend.InProcess(zibrato.Default()),
		Interval: time.Second,
		Sinks:    []backend.Sink{lines},
	})
	if err != nil {
		return err
	}
	work(duration)
	return b.Close() // writes the last window
}

func work(duration time.Duration) {
	queue := make(chan []byte, 100)
	go func() {
		defer close(queue)
		for end := time.Now().Add(duration); time.Now().Before(end); {
			queue <- make([]byte, rand.IntN(4096))
		}
	}()
	for job := range queue {
		waiting.Set(float64(len(queue)))
		do(job)
	}
}

func do(job []byte) {
	defer jobs.Start().Stop()
	sizes.Record(float64(len(job)))
	zibrato.Count("bytes.done", int64(len(job)))
	time.Sleep(time.Duration(len(job)) * time.Microsecond)
}
