//go:build cgo

package forwarder_test

import (
	"fmt"
	"log"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/forwarder"
)

func ExampleStart() {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		log.Fatal(err)
	}
	defer fwd.Close()

	sub, err := zmq.NewSocket(zmq.SUB)
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	sub.SetSubscribe("info|")
	sub.Connect(fwd.OutAddr())

	pub, err := zmq.NewSocket(zmq.XPUB)
	if err != nil {
		log.Fatal(err)
	}
	defer pub.Close()
	pub.Connect(fwd.InAddr())
	topic, _ := pub.Recv(0) // a publisher hears what is wanted, and sends nothing before
	fmt.Printf("%q\n", topic)

	pub.Send("info|Counter|jobs.done|5|1700000000|orders", 0)
	message, _ := sub.Recv(0)
	fmt.Println(message)
	// Output:
	// "\x01info|"
	// info|Counter|jobs.done|5|1700000000|orders
}

func ExampleForwarder_Stats() {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		log.Fatal(err)
	}
	defer fwd.Close()
	s := fwd.Stats()
	fmt.Println(s.Messages, "messages,", s.Publishers, "publishers,", s.Topics, "topics,", s.Refused[forwarder.RefusedLong], "topics too long")
	// Output: 0 messages, 0 publishers, 0 topics, 0 topics too long
}
