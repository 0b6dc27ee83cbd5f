//go:build cgo

package subscriber_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// sender is a socket for a subscriber to connect to, where there would be a forwarder.
func sender() (pub *zmq.Socket, addr string) {
	pub, err := zmq.NewSocket(zmq.XPUB)
	if err != nil {
		log.Fatal(err)
	}
	if err := pub.Bind("tcp://127.0.0.1:*"); err != nil {
		log.Fatal(err)
	}
	addr, err = pub.GetLastEndpoint()
	if err != nil {
		log.Fatal(err)
	}
	return pub, addr
}

func ExampleStart() {
	sub, err := subscriber.Start(subscriber.Config{From: "tcp://127.0.0.1:5551"}) // a forwarder's, which may start later
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	fmt.Println(sub.Stats().Messages, "messages so far")
	// Output: 0 messages so far
}

func ExampleConfig() {
	_, err := subscriber.Start(subscriber.Config{
		From:       "tcp://127.0.0.1:5551",
		Levels:     metric.Warning.AndAbove(),
		QueueBytes: 1024,
	})
	fmt.Println(err)
	// Output: subscriber: Config.QueueBytes is 1024: want at least 1048576, the largest message, or 0 for 67108864
}

func ExampleConfig_summaries() {
	pub, addr := sender()
	defer pub.Close()
	sub, err := subscriber.Start(subscriber.Config{From: addr, Levels: metric.Levels{metric.Debug}, Detail: subscriber.Summaries})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for range 2 {
		topic, _ := pub.Recv(0) // the first byte says that it is subscribed to
		fmt.Println(topic[1:])
	}
	// Unordered output:
	// zsum1|debug|
	// debug|
}

func ExampleSubscriber_Receive() {
	pub, addr := sender()
	defer pub.Close()
	sub, err := subscriber.Start(subscriber.Config{From: addr, Levels: metric.Levels{metric.Error}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for range 2 { // it asks for the level in both forms
		pub.Recv(0)
	}
	pub.Send("error|Counter|orders.lost|2|1700000000|orders", 0)

	ctx, cancel := context.WithCancel(context.Background())
	err = sub.Receive(ctx, func(b *metric.Batch) {
		fmt.Println(b.Level, b.Entries[0].Series.Name, b.Samples[0].Value.Int())
		cancel()
	})
	fmt.Println(err)
	// Output:
	// error orders.lost 2
	// <nil>
}

func ExampleSubscriber_Stats() {
	pub, addr := sender()
	defer pub.Close()
	sub, err := subscriber.Start(subscriber.Config{From: addr, Levels: metric.Levels{metric.Info}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for range 2 {
		pub.Recv(0)
	}
	pub.Send("info|Gauge|queue.depth|a lot|1700000000|orders", 0)
	pub.Send("info|Gauge|queue.depth|17|1700000000|orders", 0)

	ctx, cancel := context.WithCancel(context.Background())
	if err := sub.Receive(ctx, func(*metric.Batch) { cancel() }); err != nil {
		log.Fatal(err)
	}
	s := sub.Stats()
	fmt.Println(s.Messages, "messages,", s.Batches, "batch,", s.Malformed[metric.ReasonNumber], "without a number")
	// Output: 2 messages, 1 batch, 1 without a number
}

func ExampleSubscriber_Close() {
	sub, err := subscriber.Start(subscriber.Config{From: "tcp://127.0.0.1:5551"})
	if err != nil {
		log.Fatal(err)
	}
	if err := sub.Close(); err != nil {
		log.Fatal(err)
	}
	err = sub.Receive(context.Background(), func(*metric.Batch) {})
	fmt.Println(errors.Is(err, subscriber.ErrClosed))
	// Output: true
}

func ExampleSubscriber_Levels() {
	sub, err := subscriber.Start(subscriber.Config{Levels: metric.Levels{metric.Info, metric.Error}})
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	fmt.Println(sub.Levels())
	// Output: info,error
}
