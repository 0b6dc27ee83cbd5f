//go:build cgo

package main

import (
	"context"
	"errors"
	"log/slog"

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

// merging are the flags of every command that merges what it receives.
type merging struct {
	receiving
	Dir     string `placeholder:"PATH" help:"Keep in this directory what a kill or a crash must not cost: totals, what came since the last flush, and what could not be delivered yet. It is made if it is not there, and belongs to one program at a time. By default all that is in memory only."`
	Samples bool   `help:"Receive each sample by itself. By default programs send summaries of them, which costs less and comes to the same."`
}

func (m *merging) detail() metric.Detail {
	if m.Samples {
		return subscriber.Samples
	}
	return subscriber.Summaries
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

// serve lets a backend work until ctx ends, and writes its last window. When that takes too long, as when the other side is
// gone, it says so and ends all the same.
func serve(ctx context.Context, b *backend.Backend, log *slog.Logger) error {
	select {
	case <-b.Done():
		return errors.Join(b.Err(), b.Close())
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := b.Shutdown(ctx); err != nil {
		log.Warn("the last measurements may be lost", "error", err)
	}
	return nil
}
