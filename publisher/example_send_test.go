//go:build cgo

package publisher_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/publisher"
)

// heard stands for a forwarder and its subscriber: it returns an address to publish to, and what arrives there.
func heard(topic string) (addr string, messages <-chan string, done func()) {
	p, err := bind("tcp://127.0.0.1:*", 100, topic)
	if err != nil {
		log.Fatal(err)
	}
	return p.addr, p.messages, p.close
}

func ExampleConfig() {
	addr, messages, done := heard("info|")
	defer done()
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub, err := publisher.Start(publisher.Config{
		Recorder:   rec, // its own, rather than the default one
		Endpoint:   addr,
		Format:     publisher.Text, // for a receiver of Zibrato 0.2
		QueueBytes: 4 << 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := pub.WaitSubscriber(ctx, zibrato.LevelInfo); err != nil {
		log.Fatal(err)
	}
	rec.Count("jobs.done", 5)
	message := <-messages
	fmt.Println(message[:len("info|Counter|jobs.done|5|")])
	// Output: info|Counter|jobs.done|5|
}

// inUse is a recorder and its publisher, to which somebody subscribes.
func inUse(ctx context.Context) (rec *zibrato.Recorder, pub *publisher.Publisher, done func()) {
	addr, _, done := heard("zsmp1|")
	rec = zibrato.New(zibrato.Config{Source: "orders"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: addr})
	if err != nil {
		log.Fatal(err)
	}
	if err := pub.WaitSubscriber(ctx, zibrato.LevelInfo); err != nil {
		log.Fatal(err)
	}
	return rec, pub, done
}

func ExamplePublisher_Flush() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rec, pub, done := inUse(ctx)
	defer done()
	defer pub.Close()
	rec.Observe("db.query", time.Millisecond)
	fmt.Println(pub.Flush(ctx), pub.Stats().Samples, "sample sent")
	// Output: <nil> 1 sample sent
}

func ExamplePublisher_Shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rec, pub, done := inUse(ctx)
	defer done()
	rec.Observe("backup", 90*time.Second)
	err := pub.Shutdown(ctx) // an error says how much was left
	fmt.Println(err, pub.Stats().Samples)
	// Output: <nil> 1
}

func ExamplePublisher_Stats() {
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: "ipc:///nonexistent/zibrato"})
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	rec.Inc("jobs.done") // nobody subscribed, so it is not sent
	s := pub.Stats()
	fmt.Println(s.Connected, s.Topics, "topics,", s.Messages, "messages,", s.Dropped, "dropped")
	// Output: false 0 topics, 0 messages, 0 dropped
}

func ExamplePublisher_Close() {
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: "ipc:///nonexistent/zibrato"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pub.Close())
	fmt.Println(pub.Close()) // again, as a deferred one may
	// Output:
	// <nil>
	// <nil>
}

func ExampleFormat() {
	fmt.Println(publisher.Binary, publisher.Text)
	// Output: binary text
}
