//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
)

type sendCmd struct {
	sending
	Source string `default:"zibrato" help:"Where the measurement comes from."`

	Kind  string `arg:"" enum:"counter,gauge,timer" help:"counter, gauge or timer."`
	Name  string `arg:"" help:"The series' name."`
	Value string `arg:"" help:"A counter's growth (a whole number), a gauge's value, or a timer's: 0.15 (seconds) or 150ms."`
}

func (sendCmd) Help() string {
	return `Waits until the forwarder says that somebody subscribes to the level, up to --wait, and then sends: what is sent
before that is lost. The source is zibrato unless --source says otherwise, as it does for scripts that several hosts run.

Example:

    zibrato send counter jobs.done 5 --source nightly --wait 1s

Exit status: 0 sent, 1 failure, 2 wrong usage, 3 no forwarder, 4 nobody subscribes to the level.`
}

func (c *sendCmd) Run(*slog.Logger) error {
	if err := c.validate(); err != nil {
		return usageError{err}
	}
	record, err := c.record()
	if err != nil {
		return usageError{err}
	}
	legal("send", c.Name)
	m, err := newMessenger(c.sending, c.Source)
	if err != nil {
		return err
	}
	defer m.close()
	ctx, cancel := context.WithTimeout(context.Background(), c.Wait)
	defer cancel()
	return m.deliver(ctx, record)
}

// record checks the value and returns what makes the measurement.
func (c *sendCmd) record() (func(*zibrato.Scope), error) {
	if c.Name == "" {
		return nil, errors.New("NAME is empty")
	}
	switch c.Kind {
	case "counter":
		n, err := strconv.ParseInt(c.Value, 10, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("VALUE %q: a counter grows by a whole number from 0 to %d", c.Value, int64(math.MaxInt64))
		}
		return func(z *zibrato.Scope) { z.Count(c.Name, n) }, nil
	case "gauge":
		v, err := strconv.ParseFloat(c.Value, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("VALUE %q: a gauge is a number", c.Value)
		}
		return func(z *zibrato.Scope) { z.Set(c.Name, v) }, nil
	default:
		d, err := parseTime(c.Value)
		if err != nil {
			return nil, err
		}
		return func(z *zibrato.Scope) { z.Observe(c.Name, d) }, nil
	}
}

// parseTime reads a timer's value: seconds, or a number with a unit as [time.ParseDuration] takes it.
func parseTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if seconds, notSeconds := strconv.ParseFloat(s, 64); notSeconds == nil && !math.IsNaN(seconds) {
		ns := math.Round(seconds * 1e9)
		if ns >= 1<<63 {
			return 0, fmt.Errorf("VALUE %q: no timer takes that long", s)
		}
		d, err = time.Duration(ns), nil
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("VALUE %q: a timer takes seconds such as 0.15, or 150ms, and no less than 0", s)
	}
	return d, nil
}

// negativeLast moves the negative value of "zibrato send", which looks like a flag, to the end of the command line.
func negativeLast(args []string) []string {
	if len(args) == 0 || args[0] != "send" || slices.Contains(args, "--") {
		return args
	}
	i := slices.IndexFunc(args, func(a string) bool {
		return len(a) > 1 && a[0] == '-' && strings.IndexByte("0123456789.", a[1]) >= 0
	})
	if i < 0 {
		return args
	}
	return append(slices.Delete(slices.Clone(args), i, i+1), "--", args[i])
}
