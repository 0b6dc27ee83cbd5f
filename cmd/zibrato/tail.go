//go:build cgo

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"syscall"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

type tailCmd struct {
	receiving
	JSON bool `name:"json" help:"Write objects of time, name, kind, level, source, tags and value (seconds for timers)."`
}

func (tailCmd) Help() string {
	return `Writes each sample as a line of its own, as soon as it arrives. What is shown of a counter is what it grew by.

Example:

    zibrato tail --levels debug,info --json

Exit status: 0 ended by SIGTERM or SIGINT or by a closed standard output, 1 failure, 2 wrong usage.`
}

func (c *tailCmd) Run(log *slog.Logger) error {
	survivePipes()
	return untilSignal(func(ctx context.Context) error {
		sub, err := subscriber.Start(subscriber.Config{From: c.From, Levels: c.Levels.Levels, Logger: log})
		if err != nil {
			return receiveTerms(err)
		}
		log.Info("tail: subscribing", "from", c.From, "levels", c.Levels.orAll())
		format := appendHuman
		if c.JSON {
			format = appendJSON
		}
		err = show(ctx, sub, os.Stdout, format)
		return receiveTerms(errors.Join(err, sub.Close()))
	})
}

// show writes the samples of sub to w until ctx ends, or nobody reads w any more.
func show(ctx context.Context, sub *subscriber.Subscriber, w io.Writer, format func([]byte, *metric.Batch, int) []byte) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	out := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	var broken error
	err := sub.Receive(ctx, func(b *metric.Batch) {
		for i := range b.Samples {
			line = append(format(line[:0], b, i), '\n')
			out.Write(line) // Flush returns the error, whichever write has it.
		}
		if broken = out.Flush(); broken != nil {
			end()
		}
	})
	if errors.Is(broken, syscall.EPIPE) {
		broken = nil
	}
	return errors.Join(err, broken)
}
