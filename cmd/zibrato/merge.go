//go:build cgo

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// merging are the flags of every command that merges what it receives and takes it to a sink. The struct that embeds it sets the default of
// --flush: `set:"flush=10s"`.
type merging struct {
	receiving
	operating
	filter
	Flush        time.Duration `default:"${flush}" help:"Flush once in this time, aligned to the clock: 100ms or more."`
	Dir          string        `placeholder:"PATH" help:"Keep in this directory what a kill or a crash must not cost: totals, what came since the last flush, and what could not be delivered yet. It is made if it is not there, and belongs to one program at a time. By default all that is in memory only."`
	Apart        apart         `default:"none" help:"Keep the series of different hosts or processes apart by a tag: none, host or process."`
	GoneAfter    time.Duration `default:"5m" help:"Take a process that was silent for so long for gone: its up-down counters leave the sums. Idle ones speak once a minute."`
	MaxKnown     int           `default:"100000" help:"How many series to remember at most, counted once per process. What exceeds it is left out and counted, and made up for when there is room."`
	MaxKnownEach int           `placeholder:"N" help:"How many series of one process to remember at most, so that none uses up the room of others. By default a quarter of --max-known."`
	Samples      bool          `help:"Receive each sample by itself. By default programs send summaries of them, which costs less and comes to the same."`
}

func (m *merging) merged() *merging { return m }

func (m *merging) detail() metric.Detail {
	if m.Samples {
		return subscriber.Samples
	}
	return subscriber.Summaries
}

// apart says what is kept apart, as a flag.
type apart struct{ backend.Apart }

func (a *apart) UnmarshalText(text []byte) error {
	for _, a.Apart = range []backend.Apart{backend.None, backend.ByHost, backend.ByProcess} {
		if a.String() == string(text) {
			return nil
		}
	}
	return fmt.Errorf("%q: want none, host or process", text)
}

// validate finds what is wrong on every machine.
func (m *merging) validate() error {
	if m.Flush < backend.MinInterval {
		return fmt.Errorf("--flush: %v: want at least %v", m.Flush, backend.MinInterval)
	}
	if m.GoneAfter <= 0 {
		return fmt.Errorf("--gone-after: %v: want more than 0", m.GoneAfter)
	}
	if m.MaxKnown <= 0 || m.MaxKnownEach < 0 {
		return fmt.Errorf("--max-known, --max-known-each: %d, %d: want more than 0", m.MaxKnown, m.MaxKnownEach)
	}
	return m.operating.validate()
}

// A sinkCommand merges what it receives and takes it to a sink. It embeds merging. "zibrato run" starts those that its file names.
type sinkCommand interface {
	merged() *merging
	// prepare finds all that is wrong with the flags and the files that they name, without binding or writing anything, and returns what makes
	// the sink. That gets a function which ends the program, for a sink whose target is gone for good.
	prepare(log *slog.Logger) (func(end func()) (backend.Sink, error), error)
}

// work does what a sinkCommand of that name has to do, until a signal comes or the sink ends it.
func work(name string, c sinkCommand, log *slog.Logger) error {
	m := c.merged()
	if err := m.validate(); err != nil {
		return usageError{err}
	}
	newSink, err := c.prepare(log)
	if err != nil {
		return err
	}
	from, err := m.config(log)
	if err != nil {
		return err
	}
	return untilSignal(func(ctx context.Context) error {
		ctx, end := context.WithCancel(ctx)
		defer end()
		s, err := m.start(name, from, end, newSink)
		if err != nil {
			return receiveTerms(err)
		}
		return m.operate(ctx, log, group{s})
	})
}

// backend is what a backend needs to do what the flags say.
func (m *merging) backend(log *slog.Logger) backend.Config {
	return backend.Config{
		Interval: m.Flush, Apart: m.Apart.Apart, Expire: m.GoneAfter, MaxSeries: m.MaxKnown, MaxSeriesEach: m.MaxKnownEach, Dir: m.Dir, Logger: log,
	}
}

// start starts the station that the flags describe.
func (m *merging) start(name string, from subscriber.Config, end func(), newSink func(end func()) (backend.Sink, error)) (*station, error) {
	sink, err := newSink(end)
	if err != nil {
		return nil, err
	}
	from.Detail = m.detail()
	log := from.Logger
	s, err := startStation(name, from, m.backend(log), m.filter.before(sink))
	if err != nil {
		return nil, err
	}
	log.Info(name+": subscribing", "from", from.From, "levels", m.Levels.orAll(), "detail", from.Detail.String(), "every", m.Flush.String())
	return s, nil
}

// receiveTerms speaks of flags where subscriber, backend and sinks speak of fields.
func receiveTerms(err error) error {
	return flagTerms(err, "librato: ", "", "subscriber: ", "", "backend: ", "", "logfile: ", "",
		"Config.From", "--from", "Config.Levels", "--levels", "Config.Interval", "--flush", "Config.Dir", "--dir", "Config.Path", "--file")
}
