//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/logfile"
	"github.com/zibrato/zibrato/subscriber"
)

type logCmd struct {
	merging
	Flush    time.Duration `default:"10s" help:"Write once in this time."`
	File     string        `placeholder:"PATH" help:"Append to this file instead of standard output."`
	MaxBytes int64         `default:"104857600" help:"Rotate the file before it grows larger than this; --max-bytes=-1 means never."`
	Keep     int           `default:"7" help:"How many rotated files to keep; --keep=-1 means none."`
}

func (logCmd) Help() string {
	return `Writes one line of JSON per series and --flush, aligned to the clock: its count, sum, min, max, last, standard deviation
and percentiles. With --dir nothing is lost by a kill or a crash; a line may then come twice, with the same series and start.

Example:

    zibrato log --levels info+ --flush 10s --file /var/log/zibrato.log

Exit status: 0 ended by SIGTERM or SIGINT or by a closed standard output, 1 failure such as an unwritable file, 2 wrong
usage.`
}

func (c *logCmd) Run(log *slog.Logger) error {
	if c.Flush < backend.MinInterval {
		return usageError{fmt.Errorf("--flush: %v: want at least %v", c.Flush, backend.MinInterval)}
	}
	survivePipes()
	return untilSignal(func(ctx context.Context) error {
		ctx, end := context.WithCancel(ctx)
		defer end()
		b, err := c.start(log, end)
		if err != nil {
			return receiveTerms(err)
		}
		log.Info("log: subscribing", "from", c.From, "levels", c.Levels.orAll(), "detail", c.detail(), "every", c.Flush)
		return serve(ctx, b, log)
	})
}

// start composes the backend. The lines' reader being gone calls end.
func (c *logCmd) start(log *slog.Logger, end func()) (*backend.Backend, error) {
	k, err := c.keys()
	if err != nil {
		return nil, err
	}
	sink, err := logfile.New(logfile.Config{Path: c.File, MaxBytes: c.MaxBytes, Keep: c.Keep})
	if err != nil {
		return nil, err
	}
	sub, err := subscriber.Start(subscriber.Config{From: string(c.From), Key: k.own, ServerKey: k.server, NextServerKey: k.next, Levels: c.Levels.Levels, Detail: c.detail(), Logger: log})
	if err != nil {
		return nil, errors.Join(err, sink.Close(context.Background()))
	}
	b, err := backend.Start(backend.Config{From: sub, Interval: c.Flush, Dir: c.Dir, Sinks: []backend.Sink{untilClosed{sink, end}}, Logger: log})
	if err != nil {
		return nil, errors.Join(err, sub.Close(), sink.Close(context.Background()))
	}
	return b, nil
}

// untilClosed calls end when the reader of a pipe that a sink writes to is gone. The backend would try for ever.
type untilClosed struct {
	*logfile.Sink
	end func()
}

func (s untilClosed) Write(ctx context.Context, w *metric.Window) error {
	err := s.Sink.Write(ctx, w)
	if errors.Is(err, syscall.EPIPE) {
		s.end()
		return backend.Reject(err, len(w.Series))
	}
	return err
}
