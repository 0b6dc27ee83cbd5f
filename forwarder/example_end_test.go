//go:build cgo

package forwarder_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/zibrato/zibrato/forwarder"
)

func ExampleConfig() {
	_, err := forwarder.Start(forwarder.Config{
		In:         "tcp://0.0.0.0:5550", // everybody may connect, which must be said
		Out:        "tcp://127.0.0.1:5551",
		MaxTopics:  1000,
		QueueBytes: 32 << 20,
	})
	fmt.Println(err != nil && strings.Contains(err.Error(), "AllowRemote"))
	// Output: true
}

func ExampleForwarder() {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		log.Fatal(err)
	}
	// Publishers connect to fwd.InAddr(), subscribers to fwd.OutAddr(), with the ports that the kernel chose.
	fmt.Println(strings.HasSuffix(fwd.InAddr(), "*"), fwd.InAddr() == fwd.OutAddr())
	if err := fwd.Close(); err != nil {
		log.Fatal(err)
	}
	<-fwd.Done() // a program waits for it beside its signals
	fmt.Println(fwd.Err())
	// Output:
	// false false
	// <nil>
}

func ExampleForwarder_Done() {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		log.Fatal(err)
	}
	defer fwd.Close()
	select {
	case <-fwd.Done():
		fmt.Println("ended:", fwd.Err())
	default:
		fmt.Println("runs")
	}
	// Output: runs
}

func ExampleForwarder_Close() {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		log.Fatal(err)
	}
	in := fwd.InAddr()
	if err := fwd.Close(); err != nil {
		log.Fatal(err)
	}
	again, err := forwarder.Start(forwarder.Config{In: in, Out: "tcp://127.0.0.1:*"}) // the address is free
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Close())
	// Output: <nil>
}

func ExampleRefusal() {
	var s forwarder.Stats
	s.Refused[forwarder.RefusedLong] = 2
	for r, n := range s.Refused {
		if n > 0 {
			fmt.Println(forwarder.Refusal(r), n)
		}
	}
	// Output: long 2
}
