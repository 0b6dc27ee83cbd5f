package zibrato

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// Config says how a recorder works. The zero Config is ready; every field has a default.
type Config struct {
	// Source is where the measurements come from, unless a scope or instrument says otherwise. Default: the program's name.
	Source string

	// AlwaysOn are the levels that are recorded as soon as anything consumes, whether or not somebody subscribed to
	// them. Default: info and above. A slice that is not nil but empty: none.
	AlwaysOn []Level

	// MaxSeries bounds the number of series. Default 10,000; at most 1,000,000.
	MaxSeries int

	// RingBytes bounds the memory of the rings. Default 16 MiB, in segments of 64 KiB. Beside that each processor takes one when anything
	// is first recorded.
	RingBytes int

	// Latency is how long a sample may wait for others before its batch is handed on. The first after a pause does not wait. Default 50 ms, at least 1 ms.
	Latency time.Duration

	// SummaryEvery is how long a summary goes on before it is handed on, to those who want summaries instead of samples. The first after a pause does
	// not wait. Default 1 s, at least 1 ms.
	SummaryEvery time.Duration

	// AskEvery is how often the functions of NewGaugeFunc are asked, and how long one may take. Default 1 s.
	AskEvery time.Duration
}

const (
	defaultMaxSeries = 10_000
	limitMaxSeries   = 1_000_000
	// ownSeries are kept free beyond MaxSeries for what a recorder says about itself.
	ownSeries = 32
)

func (c Config) withDefaults() (Config, error) {
	if c.Source == "" {
		c.Source = "unnamed" // of a program without arguments, such as a library for C
		if len(os.Args) > 0 {
			c.Source, _ = metric.LegalName(filepath.Base(os.Args[0]))
		}
	}
	legal, ok := metric.LegalName(c.Source)
	if !ok {
		return c, fmt.Errorf("zibrato: Config.Source %q: want 1 to %d bytes of UTF-8 without control characters and |", c.Source, metric.MaxNameLen)
	}
	c.Source = legal
	if c.AlwaysOn == nil {
		c.AlwaysOn = LevelInfo.AndAbove()
	}
	c.AlwaysOn = slices.Clone(c.AlwaysOn)
	for _, l := range c.AlwaysOn {
		if !l.Valid() {
			return c, fmt.Errorf("zibrato: Config.AlwaysOn: %q is no level", l)
		}
	}
	switch {
	case c.MaxSeries == 0:
		c.MaxSeries = defaultMaxSeries
	case c.MaxSeries < 0 || c.MaxSeries > limitMaxSeries:
		return c, fmt.Errorf("zibrato: Config.MaxSeries %d: want 1 to %d", c.MaxSeries, limitMaxSeries)
	}
	if c.RingBytes < 0 {
		return c, fmt.Errorf("zibrato: Config.RingBytes %d is negative", c.RingBytes)
	}
	var err error
	if c.Latency, err = atLeast("Latency", c.Latency, 50*time.Millisecond); err != nil {
		return c, err
	}
	if c.SummaryEvery, err = atLeast("SummaryEvery", c.SummaryEvery, time.Second); err != nil {
		return c, err
	}
	c.AskEvery, err = atLeast("AskEvery", c.AskEvery, time.Second)
	return c, err
}

func atLeast(field string, d, unset time.Duration) (time.Duration, error) {
	if d == 0 {
		return unset, nil
	}
	if d < time.Millisecond {
		return d, fmt.Errorf("zibrato: Config.%s %v: want at least 1ms", field, d)
	}
	return d, nil
}
