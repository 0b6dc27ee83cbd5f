package zprom

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zibrato/zibrato"
)

// What the zero Config stands for.
const (
	DefaultEvery     = 10 * time.Second
	DefaultMaxSeries = 5000
)

const (
	shortest   = 100 * time.Millisecond
	mostSeries = 1_000_000
	// quietFor is how long a kind of trouble is not logged again after it was.
	quietFor = time.Minute
)

// Config says what to gather, how often, and where to record it. The zero Config records what is registered with prometheus.DefaultRegisterer on the default recorder.
type Config struct {
	// From is what is gathered. Nil: prometheus.DefaultGatherer.
	From prometheus.Gatherer
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info.
	Scope *zibrato.Scope
	// Every is the interval between gatherings, at least 100 ms. Default: DefaultEvery.
	Every time.Duration
	// Timeout is how long a gathering may take. What comes later is left out; the next one has it all the same, but for gauges. Default: Every.
	Timeout time.Duration
	// Select says which metric families are recorded, by their names at Prometheus ("http_requests_total"); it is asked once for each. Nil: all.
	Select func(family string) bool
	// MaxSeries bounds how many series are told apart, at most 1,000,000; those that were not gathered lately make room for new ones. What finds no room is left out, and counted.
	// Default: DefaultMaxSeries. A Zibrato histogram, of which a recorder keeps one for each of these, takes up to 10 KiB.
	MaxSeries int
	// Logger hears of what goes wrong: of each kind of trouble at most once a minute. Nil discards.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.From == nil {
		c.From = prometheus.DefaultGatherer
	}
	if c.Scope == nil {
		c.Scope = zibrato.With()
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	if c.Timeout == 0 {
		c.Timeout = c.Every
	}
	if c.MaxSeries == 0 {
		c.MaxSeries = DefaultMaxSeries
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.Every < shortest:
		return c, fmt.Errorf("zprom: Config.Every %v: want at least %v", c.Every, shortest)
	case c.Timeout < 0:
		return c, fmt.Errorf("zprom: Config.Timeout %v is negative", c.Timeout)
	case c.MaxSeries < 0 || c.MaxSeries > mostSeries:
		return c, fmt.Errorf("zprom: Config.MaxSeries %d: want 1 to %d", c.MaxSeries, mostSeries)
	}
	return c, nil
}
