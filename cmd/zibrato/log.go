//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/logfile"
)

type logCmd struct {
	merging  `set:"flush=10s"`
	File     string `placeholder:"PATH" help:"Append to this file instead of standard output."`
	MaxBytes int64  `default:"104857600" help:"Rotate the file before it grows larger than this; --max-bytes=-1 means never."`
	Keep     int    `default:"7" help:"How many rotated files to keep; --keep=-1 means none."`
}

func (logCmd) Help() string {
	return `Writes one line of JSON per series and --flush, aligned to the clock: its count, sum, min, max, last, standard deviation
and percentiles. With --dir nothing is lost by a kill or a crash; a line may then come twice, with the same series and start.

Example:

    zibrato log --levels info+ --flush 10s --file /var/log/zibrato.log

Exit status: 0 ended by SIGTERM or SIGINT or by a closed standard output, 1 failure such as an unwritable file, 2 wrong
usage.`
}

func (c *logCmd) Run(log *slog.Logger) error { return work("log", c, log) }

func (c *logCmd) prepare(*slog.Logger) (func(func()) (backend.Sink, error), error) {
	survivePipes()
	if c.File != "" {
		if _, err := os.Stat(filepath.Dir(c.File)); err != nil {
			return nil, fmt.Errorf("--file %q: %w", c.File, err)
		}
	}
	return func(end func()) (backend.Sink, error) {
		sink, err := logfile.New(logfile.Config{Path: c.File, MaxBytes: c.MaxBytes, Keep: c.Keep})
		if err != nil {
			return nil, err
		}
		return untilClosed{sink, end}, nil
	}, nil
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
