//go:build cgo

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// The program ends within two seconds of the signal that asks it to.
const (
	flushTimeout = 1200 * time.Millisecond // for what has arrived to be written out
	endTimeout   = 1500 * time.Millisecond // for all of it
)

// untilSignal runs f with a context that ends with the first SIGINT or SIGTERM. If f does not return in time after that,
// as when whoever reads its output has stopped, it is left to itself. A second signal kills the process.
func untilSignal(f func(ctx context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // back to the default, which is to die
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(endTimeout):
		return nil
	}
}

// survivePipes makes a write to a standard output whose reader is gone an error, where Go would let the process die of
// it. The signal is caught, not ignored: the children of a process inherit what it ignores.
func survivePipes() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
