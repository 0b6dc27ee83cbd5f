//go:build cgo

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

type tailCmd struct {
	receiving
	Summaries bool `help:"Show what each interval did to each series, a second by default, instead of each sample."`
	Self      bool `help:"Show also what programs report about their own instrumentation, in the series zibrato.*"`
	JSON      bool `name:"json" help:"Write objects of time, name, kind, level, source, tags and value (seconds for timers), or the statistics of --summaries."`
}

func (tailCmd) Help() string {
	return `Writes each sample as a line of its own, as soon as it arrives. What is shown of a counter is what it grew by. What programs
report about their own instrumentation, in series whose names begin with "zibrato.", is left out unless --self asks for it.

With --summaries a line is what one process had to say of a series since its last: the number of calls, mean, median, 99th percentile and
maximum; of a counter what it grew by, of gauges and up-down counters the last value, too. What is published as text has no summaries and is
shown as it comes.

Example:

    zibrato tail --levels debug,info --json
    zibrato tail --levels debug --summaries

Exit status: 0 ended by SIGTERM or SIGINT or by a closed standard output, 1 failure, 2 wrong usage.`
}

func (c *tailCmd) Run(log *slog.Logger) error {
	cfg, err := c.config(log)
	if err != nil {
		return err
	}
	survivePipes()
	return untilSignal(func(ctx context.Context) error {
		if c.Summaries {
			cfg.Detail = subscriber.Summaries
		}
		sub, err := subscriber.Start(cfg)
		if err != nil {
			return receiveTerms(err)
		}
		log.Info("tail: subscribing", "from", c.From, "levels", c.Levels.orAll(), "detail", cfg.Detail)
		format := humanLines(c.shows)
		if c.JSON {
			format = jsonLines(c.shows)
		}
		err = show(ctx, sub, os.Stdout, format)
		return receiveTerms(errors.Join(err, sub.Close()))
	})
}

// ownPrefix begins the names of the series in which a program reports about its own instrumentation.
const ownPrefix = "zibrato."

// shows reports whether the user wants to see the series.
func (c *tailCmd) shows(s *metric.Series) bool {
	return c.Self || !strings.HasPrefix(s.Name, ownPrefix)
}

// show writes what sub receives to w until ctx ends, or nobody reads w any more.
func show(ctx context.Context, sub *subscriber.Subscriber, w io.Writer, format func([]byte, *metric.Batch, time.Time) []byte) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	out := bufio.NewWriterSize(w, 64<<10)
	var lines []byte
	var broken error
	err := sub.Receive(ctx, func(b *metric.Batch) {
		lines = format(lines[:0], b, time.Now())
		out.Write(lines) // Flush returns the error, whichever write has it.
		if broken = out.Flush(); broken != nil {
			end()
		}
	})
	if errors.Is(broken, syscall.EPIPE) {
		broken = nil
	}
	return errors.Join(err, broken)
}

// humanLines returns what writes of batches, for people, the series that shows wants.
func humanLines(shows func(*metric.Series) bool) func([]byte, *metric.Batch, time.Time) []byte {
	width := 0
	return func(dst []byte, b *metric.Batch, now time.Time) []byte {
		for i := range b.Samples {
			if shows(seriesOf(b, i)) {
				dst = append(appendHuman(dst, b, i), '\n')
			}
		}
		for _, g := range gains(b) {
			if shows(g.Series) {
				dst = append(g.appendHuman(dst, now, &width), '\n')
			}
		}
		return dst
	}
}

// jsonLines returns what writes them as objects.
func jsonLines(shows func(*metric.Series) bool) func([]byte, *metric.Batch, time.Time) []byte {
	return func(dst []byte, b *metric.Batch, now time.Time) []byte {
		for i := range b.Samples {
			if shows(seriesOf(b, i)) {
				dst = append(appendJSON(dst, b, i), '\n')
			}
		}
		for _, g := range gains(b) {
			if shows(g.Series) {
				dst = append(g.appendJSON(dst, now), '\n')
			}
		}
		return dst
	}
}
