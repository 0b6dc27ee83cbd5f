package zotel

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato"
)

// What the zero Config stands for.
const (
	DefaultEvery   = 10 * time.Second
	DefaultMaxSets = 2000 // what OpenTelemetry's specification says
)

const (
	shortest = 100 * time.Millisecond
	mostSets = 1_000_000
)

// Config says where to record, and within what bounds. The zero Config records on the default recorder.
type Config struct {
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info. Up-down counters are only right on a
	// level that is always on.
	Scope *zibrato.Scope
	// Every is the interval between calls of the callbacks, and how long one may take, at least 100 ms. Default: DefaultEvery.
	Every time.Duration
	// MaxSets bounds how many sets of attributes an instrument tells apart, at most 1,000,000. Past it calls land on a series of the instrument whose only
	// attribute is otel.metric.overflow=true; that one counts, too. Default: DefaultMaxSets.
	MaxSets int
	// WithoutScopes leaves out the tags that say what instrumented. Equal instruments of several libraries are one then.
	WithoutScopes bool
	// Logger hears of what libraries do wrong, the first times. Nil discards.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.Scope == nil {
		c.Scope = zibrato.With()
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	if c.MaxSets == 0 {
		c.MaxSets = DefaultMaxSets
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.Every < shortest:
		return c, fmt.Errorf("zotel: Config.Every %v: want at least %v", c.Every, shortest)
	case c.MaxSets < 1 || c.MaxSets > mostSets:
		return c, fmt.Errorf("zotel: Config.MaxSets %d: want 1 to %d", c.MaxSets, mostSets)
	}
	return c, nil
}
