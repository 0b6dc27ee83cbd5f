//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/demo"
)

type demoCmd struct {
	For time.Duration `default:"15s" help:"How long to run."`
}

func (demoCmd) Help() string {
	return `Starts a forwarder, a backend, and in processes of their own a search service in two parts over the Go toolchain's source text, and
the load for it. Every two seconds a table shows what the backend sees; the end is what the instrumentation cost.

Example:

    zibrato demo --for 15s

Exit status: 0 success, also when SIGTERM or SIGINT cuts it short, 1 failure, 2 wrong usage.`
}

func (c *demoCmd) Run(*slog.Logger) error {
	if c.For <= 0 {
		return usageError{fmt.Errorf("--for: %v: want more than 0", c.For)}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	survivePipes()
	return untilSignal(func(ctx context.Context) error {
		err := demo.Run(ctx, demo.Options{
			Argv:   []string{self, "demo-child"},
			For:    c.For,
			Stdout: os.Stdout,
			Stderr: os.Stderr,
			// The tables are what people look at.
			Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
		return flagTerms(err, "demo: ", "")
	})
}

type demoChildCmd struct {
	Part string `arg:"" optional:"" help:"For people who look at the list of processes."`
}

func (demoChildCmd) Run(*slog.Logger) error {
	signal.Ignore(os.Interrupt) // the parent ends its children
	err := demo.Child(context.Background(), os.Stdin, os.Stdout)
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return flagTerms(err, "demo: ", "")
}
