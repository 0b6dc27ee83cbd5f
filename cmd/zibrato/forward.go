//go:build cgo

package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/zibrato/zibrato/forwarder"
)

type forwardCmd struct {
	In          listening `default:"tcp://127.0.0.1:5550" help:"Where publishers connect: tcp://host:port or ipc://path; port 0 lets the kernel choose."`
	Out         listening `default:"tcp://127.0.0.1:5551" help:"Where subscribers connect."`
	AllowRemote bool      `help:"Listen on addresses that other machines can reach, all of which may then read and forge measurements."`
}

func (forwardCmd) Help() string {
	return `Programs send to --in, backends receive from --out, each as many as you like, and what subscribers
want is told to the programs, which measure no more than that. The line that says "listening" names the addresses as
bound. At the end it logs how much it has forwarded.

Example:

    zibrato forward --in tcp://127.0.0.1:5550 --out tcp://127.0.0.1:5551

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure such as a port that is taken, 2 wrong usage.`
}

func (c *forwardCmd) Run(log *slog.Logger) error {
	if err := c.validate(); err != nil {
		return usageError{err}
	}
	return untilSignal(func(ctx context.Context) error {
		fwd, err := forwarder.Start(forwarder.Config{In: string(c.In), Out: string(c.Out), AllowRemote: c.AllowRemote, Logger: log})
		if err != nil {
			return forwardTerms(err)
		}
		select {
		case <-ctx.Done():
		case <-fwd.Done():
		}
		s := fwd.Stats()
		if err := fwd.Close(); err != nil {
			return forwardTerms(err)
		}
		log.Info("forwarder: closed", "messages", s.Messages, "bytes", s.Bytes, refusals(s))
		return nil
	})
}

// validate finds what is wrong on every machine.
func (c *forwardCmd) validate() error {
	for _, e := range []struct {
		flag string
		listening
	}{{"--in", c.In}, {"--out", c.Out}} {
		if e.remote() && !c.AllowRemote {
			return fmt.Errorf("%s %q: other machines can reach this address, and whoever does can read and forge measurements; use 127.0.0.1, or say --allow-remote", e.flag, e.listening)
		}
	}
	return nil
}

// refusals is what the forwarder did not pass on, by reason.
func refusals(s forwarder.Stats) slog.Attr {
	var counts []any
	for reason, n := range s.Refused {
		if n > 0 {
			counts = append(counts, slog.Uint64(forwarder.Refusal(reason).String(), n))
		}
	}
	return slog.Group("refused", counts...)
}

func forwardTerms(err error) error {
	return flagTerms(err, "forwarder: ", "", "Config.In", "--in", "Config.Out", "--out", "set Config.AllowRemote", "say --allow-remote")
}
