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

	"github.com/zibrato/zibrato/cmd/zibrato/internal/bench"
)

type benchCmd struct {
	Time  time.Duration `default:"30s" help:"About how long to measure, 1s to 1h. Longer makes the figures steadier."`
	JSON  bool          `name:"json" help:"Write the report as an object of JSON."`
	Quiet bool          `help:"Show no progress."`
}

func (benchCmd) Help() string {
	return `Measures, on this machine, what one call of each kind costs, next to time.Now() and an empty deferred call, on one core and
on all at once; and what share of a core 100,000 timers a second take, from the call to the backend's window. It needs
nothing else to run, and reaches no other machine. Figures are medians of many short turns. Progress goes to standard error, the report to standard output.

Example:

    zibrato bench --time 30s

The JSON is one object: time, zibrato_version, machine, clock (source; reason, where that is not the processor's counter),
calls (key, call, state: yardstick, watched or unwatched, cores, ns_per_call with quartiles _q1 and _q3, time_now_ratio,
slices, allocs_per_call), made and counted (calls of instruments), pipeline (detail: summaries or samples, rate_per_second,
timed, arrived; process and all, each with ns_per_timer, its quartiles, core_fraction, slices), and noisy. Fields may be
added; none changes its meaning.

Exit status: 0 success, 1 failure, 2 wrong usage; 130 when SIGINT, 143 when SIGTERM ends it before the report.`
}

const (
	minBenchTime = time.Second
	maxBenchTime = time.Hour
)

func (c *benchCmd) Run(*slog.Logger) error {
	if c.Time < minBenchTime || c.Time > maxBenchTime {
		return usageError{fmt.Errorf("--time: %v: want 1s to 1h", c.Time)}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o := bench.Options{Argv: []string{self, "bench-child"}, For: c.Time, Version: buildVersion(), Stderr: os.Stderr}
	end := func() {}
	if !c.Quiet {
		o.Progress, end = bench.ShowProgress(os.Stderr, isTerminal(os.Stderr))
	}
	err = unlessSignal(func(ctx context.Context) error {
		report, err := bench.Run(ctx, o)
		end()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return flagTerms(err, "bench: ", "")
		}
		if c.JSON {
			return report.WriteJSON(os.Stdout)
		}
		return report.WriteText(os.Stdout)
	})
	var cut interrupted
	if errors.As(err, &cut) {
		return statusError{cut.status(), fmt.Errorf("%w, so there is no report", err)}
	}
	return err
}

// isTerminal reports whether f is one, or another device that takes characters and to which it makes no difference.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type benchChildCmd struct{}

func (benchChildCmd) Run(*slog.Logger) error {
	signal.Ignore(os.Interrupt) // the parent ends its child
	return flagTerms(bench.Child(os.Stdin, os.Stdout), "bench: ", "")
}
