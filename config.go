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
	// Source is where the measurements come from, unless a scope or instrument says otherwise: a legal name, see metric.LegalName. Default:
	// the program's name.
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

	// AskEvery is how often the functions of NewGaugeFunc are asked, and how long one may take. Default 1 s, at least 1 ms.
	AskEvery time.Duration
}

const (
	defaultMaxSeries = 10_000
	limitMaxSeries   = 1_000_000
	// ownSeries are kept free beyond MaxSeries for what a recorder says about itself.
	ownSeries = 32
)

// withDefaults returns the config with its zero fields filled in, and what is wrong with the others, which have their defaults then, too.
func (c Config) withDefaults() (full Config, faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("zibrato: Config."+format, args...))
	}
	if _, ok := metric.LegalName(c.Source); !ok && c.Source != "" {
		fault("Source %q: want 1 to %d bytes of UTF-8 without control characters and |", clip(c.Source), metric.MaxNameLen)
		c.Source = ""
	}
	if c.Source == "" {
		c.Source = "unnamed" // of a program without arguments, such as a library for C
		if len(os.Args) > 0 {
			c.Source, _ = metric.LegalName(filepath.Base(os.Args[0]))
		}
	}
	if i := slices.IndexFunc(c.AlwaysOn, func(l Level) bool { return !l.Valid() }); i >= 0 {
		fault("AlwaysOn: %q is no level", clip(string(c.AlwaysOn[i])))
		c.AlwaysOn = nil
	}
	if c.AlwaysOn == nil {
		c.AlwaysOn = LevelInfo.AndAbove()
	}
	c.AlwaysOn = slices.Clone(c.AlwaysOn)
	if c.MaxSeries < 0 || c.MaxSeries > limitMaxSeries {
		fault("MaxSeries %d: want 1 to %d", c.MaxSeries, limitMaxSeries)
		c.MaxSeries = 0
	}
	if c.MaxSeries == 0 {
		c.MaxSeries = defaultMaxSeries
	}
	if c.RingBytes < 0 {
		fault("RingBytes %d is negative", c.RingBytes)
		c.RingBytes = 0
	}
	for _, d := range []struct {
		field string
		v     *time.Duration
		unset time.Duration
	}{
		{"Latency", &c.Latency, 50 * time.Millisecond},
		{"SummaryEvery", &c.SummaryEvery, time.Second},
		{"AskEvery", &c.AskEvery, time.Second},
	} {
		if *d.v != 0 && *d.v < time.Millisecond {
			fault("%s %v: want at least 1ms", d.field, *d.v)
			*d.v = 0
		}
		if *d.v == 0 {
			*d.v = d.unset
		}
	}
	return c, faults
}
