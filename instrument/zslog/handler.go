package zslog

import (
	"context"
	"log/slog"

	"github.com/zibrato/zibrato"
)

// Config says where to record. The zero Config records on the default recorder.
type Config struct {
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info. That level is Zibrato's: it has nothing to do with those of the
	// records.
	Scope *zibrato.Scope
}

// The values of the tag level, from the least severe.
const (
	trace = iota
	debug
	info
	warn
	failure
	fatal
	severities
)

var names = [severities]string{"trace", "debug", "info", "warn", "error", "fatal"}

// severityOf returns the standard level at or below that of a record.
func severityOf(l slog.Level) int {
	switch {
	case l < slog.LevelDebug:
		return trace
	case l < slog.LevelInfo:
		return debug
	case l < slog.LevelWarn:
		return info
	case l < slog.LevelError:
		return warn
	case l < slog.LevelError+4:
		return failure
	}
	return fatal
}

// counters are shared by a handler and those that are made from it.
type counters struct {
	records, failed [severities]*zibrato.Counter
}

type handler struct {
	slog.Handler // the wrapped one, whose Enabled is this one's
	*counters
}

// Handler returns a handler that counts records and passes them on to next. Nil: they go nowhere, and are counted. It is as safe for concurrent use as next is.
func Handler(next slog.Handler, c Config) slog.Handler {
	if next == nil {
		next = counting{}
	}
	z := c.Scope
	if z == nil {
		z = zibrato.With()
	}
	unit := zibrato.WithUnit("{record}")
	records := z.NewCounterVec("log.records", []string{"level"}, unit, zibrato.WithHelp("Records that were logged."))
	failed := z.NewCounterVec("log.records.failed", []string{"level"}, unit, zibrato.WithHelp("Records that the handler failed to handle."))
	h := &handler{next, &counters{}}
	for s, name := range names {
		h.records[s], h.failed[s] = records.With(name), failed.With(name)
	}
	return h
}

// Handle counts a record and passes it on.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	s := severityOf(r.Level)
	h.records[s].Inc()
	err := h.Handler.Handle(ctx, r)
	if err != nil {
		h.failed[s].Inc()
	}
	return err
}

// WithAttrs returns a handler with these attributes that counts on the same series.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs), h.counters}
}

// WithGroup returns a handler with this group that counts on the same series.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.counters}
}

// counting is a handler that takes everything and does nothing.
type counting struct{}

func (counting) Enabled(context.Context, slog.Level) bool  { return true }
func (counting) Handle(context.Context, slog.Record) error { return nil }
func (c counting) WithAttrs([]slog.Attr) slog.Handler      { return c }
func (c counting) WithGroup(string) slog.Handler           { return c }
