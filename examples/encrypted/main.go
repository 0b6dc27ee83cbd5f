//go:build cgo

// Command encrypted is a worker on one host whose measurements go, encrypted, to a forwarder on another.
//
//	zibrato keygen worker                      # here: worker.key and worker.pub
//	go run . -to tcp://192.0.2.1:5550 -key worker.key -forwarder forwarder.pub
//
// README.md has the other side. The worker works whether or not the forwarder is there, or lets it in.
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/publisher"
)

var jobs = zibrato.NewTimer("job")

func main() {
	to := flag.String("to", publisher.DefaultEndpoint, "the forwarder's endpoint for publishers")
	key := flag.String("key", "worker.key", "the file of this worker's secret key")
	hub := flag.String("forwarder", "forwarder.pub", "the file of the forwarder's public key")
	count := flag.Int("jobs", 100, "how many jobs to do")
	flag.Parse()
	if err := run(*to, *key, *hub, *count); err != nil {
		log.Fatal(err)
	}
}

func run(to, keyFile, hubFile string, count int) error {
	key, err := keys.LoadPair(keyFile) // refused when others may read it
	if err != nil {
		return err
	}
	hub, err := keys.LoadPublic(hubFile)
	if err != nil {
		return err
	}
	pub, err := publisher.Start(publisher.Config{
		Endpoint:  to,
		Key:       key,
		ServerKey: hub,
		Logger:    slog.Default(), // says why, if the forwarder does not let it in
	})
	if err != nil {
		return err
	}
	for range count {
		work()
	}
	fmt.Println(count, "jobs done")
	return pub.Close() // sends what is left
}

func work() {
	defer jobs.Start().Stop()
	time.Sleep(10 * time.Millisecond)
}
