//go:build cgo

package main

import (
	"context"
	"errors"
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

// An interrupted error says that a signal came before the end.
type interrupted struct{ os.Signal }

func (interrupted) Error() string { return "interrupted" }

// status is what a shell says of a program that such a signal ended.
func (i interrupted) status() int {
	s, _ := i.Signal.(syscall.Signal)
	return statusSignal + int(s)
}

// untilSignal is for what runs until it is told to end: it is [unlessSignal], where a signal is no error.
func untilSignal(f func(ctx context.Context) error) error {
	err := unlessSignal(f)
	if errors.As(err, new(interrupted)) {
		return nil
	}
	return err
}

// unlessSignal runs f with a context that ends with the first SIGINT or SIGTERM, and whose cause is then an [interrupted]. If f does not
// return in time after that, as when whoever reads its output has stopped, it is left to itself and the cause returned. A second
// signal kills the process.
func unlessSignal(f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case err := <-done:
		return err
	case s := <-signals:
		signal.Stop(signals) // back to the default, which is to die
		cancel(interrupted{s})
	}
	select {
	case err := <-done:
		return err
	case <-time.After(endTimeout):
		return context.Cause(ctx)
	}
}

// survivePipes makes a write to a standard output whose reader is gone an error, where Go would let the process die of
// it. The signal is caught, not ignored: the children of a process inherit what it ignores.
func survivePipes() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
