//go:build cgo

package main

import (
	"log/slog"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
)

type libratoCmd struct {
	merging `set:"flush=60s"`
	account
	API         string    `name:"api" default:"measurements" enum:"measurements,metrics" help:"measurements (tagged) or metrics (source-based, as Zibrato 0.2)."`
	Prefix      string    `placeholder:"TEXT" help:"Goes before every name."`
	Percentiles []float64 `placeholder:"LIST" help:"Percentiles of timers and distributions to send, as 50,99.9."`
}

func (libratoCmd) Help() string {
	return `Aggregates what arrives and sends it once in --flush, aligned to the clock. A service that does not answer is tried
again until it does. With --dir what it does not take waits on disk, and after a kill or a crash nothing is lost and nothing
counts twice.

Example:

    zibrato librato --levels info+ --flush 60s --user me@example.org --token-file /etc/zibrato/token

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure, 2 wrong usage such as a missing token.`
}

func (c *libratoCmd) Run(log *slog.Logger) error { return work("librato", c, log) }

func (c *libratoCmd) prepare(log *slog.Logger) (func(func()) (backend.Sink, error), error) {
	cfg, err := c.config(log)
	return func(func()) (backend.Sink, error) { return librato.New(cfg), nil }, err
}

func (c *libratoCmd) config(log *slog.Logger) (librato.Config, error) {
	cfg, err := c.account.config()
	if err != nil {
		return cfg, usageError{err}
	}
	cfg.API, cfg.Prefix, cfg.Percentiles, cfg.Logger, cfg.Interval = librato.API(c.API), c.Prefix, c.Percentiles, log, c.Flush
	if err := cfg.Validate(); err != nil {
		return cfg, usageError{accountTerms(err)}
	}
	return cfg, nil
}
