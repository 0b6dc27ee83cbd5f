//go:build cgo

package publisher_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/publisher"
)

func ExampleStart() {
	// In main. The forwarder need not be there yet.
	pub, err := publisher.Start(publisher.Config{Recorder: zibrato.New(zibrato.Config{Source: "orders"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pub.Close()
	fmt.Println(pub.Stats().Messages, "messages so far")
	// Output: 0 messages so far
}

func ExamplePublisher_WaitSubscriber() {
	// A program that lives for a moment waits until somebody listens.
	rec := zibrato.New(zibrato.Config{Source: "backup"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: "ipc:///nonexistent/zibrato"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err = pub.WaitSubscriber(ctx, zibrato.LevelInfo)
	fmt.Println("no forwarder:", errors.Is(err, publisher.ErrNoForwarder))
	// Output: no forwarder: true
}
