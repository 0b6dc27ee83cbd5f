//go:build cgo

package subscriber_test

import (
	"context"
	"fmt"
	"log"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

func Example() {
	// Any program can publish the text form. As a rule it connects to a forwarder; this one is connected to.
	pub, err := zmq.NewSocket(zmq.XPUB)
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	pub.Bind("tcp://127.0.0.1:*")
	addr, _ := pub.GetLastEndpoint()

	sub, err := subscriber.Start(subscriber.Config{From: addr, Levels: metric.Levels{metric.Info}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for range 2 { // it asks for info in both forms
		pub.Recv(0)
	}
	pub.Send("info|Timer|db.query|0.0125|1700000000|orders", 0)

	ctx, cancel := context.WithCancel(context.Background())
	err = sub.Receive(ctx, func(b *metric.Batch) {
		for _, s := range b.Samples {
			series := b.Entries[s.Entry].Series
			fmt.Println(series.Kind, series.Name, series.Source, series.Kind.InUnits(s.Value), series.Unit)
		}
		cancel()
	})
	fmt.Println(err, sub.Stats().Messages)
	// Output:
	// timer db.query orders 0.0125 s
	// <nil> 1
}
