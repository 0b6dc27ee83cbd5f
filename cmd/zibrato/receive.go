//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// receiving are the flags of every command that subscribes.
type receiving struct {
	peering
	From   connecting `default:"tcp://127.0.0.1:5551" help:"The forwarder's endpoint for subscribers."`
	Levels levels     `placeholder:"LIST" help:"Levels to subscribe to, as debug,info; info+ means info and above. By default all."`
}

// config is what a subscriber needs to do what the flags say.
func (r *receiving) config(log *slog.Logger) (subscriber.Config, error) {
	k, err := r.keys()
	return subscriber.Config{From: string(r.From), Key: k.own, ServerKey: k.server, NextServerKey: k.next, Levels: r.Levels.Levels, Logger: log}, err
}

// merging are the flags of every command that merges what it receives and takes it to a sink. The struct that embeds it sets the default of
// --flush: `set:"flush=10s"`.
type merging struct {
	receiving
	operating
	Flush   time.Duration `default:"${flush}" help:"Flush once in this time, aligned to the clock: 100ms or more."`
	Dir     string        `placeholder:"PATH" help:"Keep in this directory what a kill or a crash must not cost: totals, what came since the last flush, and what could not be delivered yet. It is made if it is not there, and belongs to one program at a time. By default all that is in memory only."`
	Samples bool          `help:"Receive each sample by itself. By default programs send summaries of them, which costs less and comes to the same."`
}

func (m *merging) detail() metric.Detail {
	if m.Samples {
		return subscriber.Samples
	}
	return subscriber.Summaries
}

// work does all that a command has to do whose name that is: it makes a sink, hands it window after window, and answers for it until a
// signal comes, or the sink calls end.
func (m *merging) work(name string, log *slog.Logger, newSink func(end func()) (backend.Sink, error)) error {
	if m.Flush < backend.MinInterval {
		return usageError{fmt.Errorf("--flush: %v: want at least %v", m.Flush, backend.MinInterval)}
	}
	if err := m.operating.validate(); err != nil {
		return usageError{err}
	}
	from, err := m.config(log)
	if err != nil {
		return err
	}
	from.Detail = m.detail()
	return untilSignal(func(ctx context.Context) error {
		ctx, end := context.WithCancel(ctx)
		defer end()
		sink, err := newSink(end)
		if err != nil {
			return receiveTerms(err)
		}
		s, err := startStation(name, from, backend.Config{Interval: m.Flush, Dir: m.Dir, Logger: log}, sink)
		if err != nil {
			return receiveTerms(err)
		}
		log.Info(name+": subscribing", "from", string(m.From), "levels", m.Levels.orAll(), "detail", from.Detail.String(), "every", m.Flush.String())
		return m.operate(ctx, log, s)
	})
}

// levels is a list of levels as a flag.
type levels struct{ metric.Levels }

func (l *levels) UnmarshalText(text []byte) (err error) {
	l.Levels, err = metric.ParseLevels(string(text))
	return err
}

// orAll is the list for people.
func (l levels) orAll() string {
	if len(l.Levels) == 0 {
		return "all"
	}
	return l.String()
}

// level is one level as a flag.
type level struct{ metric.Level }

func (l *level) UnmarshalText(text []byte) error {
	list, err := metric.ParseLevels(string(text))
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return errors.New("want one level")
	}
	l.Level = list[0]
	return nil
}

// receiveTerms speaks of flags where subscriber, backend and sinks speak of fields.
func receiveTerms(err error) error {
	return flagTerms(err, "librato: ", "", "subscriber: ", "", "backend: ", "", "logfile: ", "",
		"Config.From", "--from", "Config.Levels", "--levels", "Config.Interval", "--flush", "Config.Dir", "--dir", "Config.Path", "--file")
}
