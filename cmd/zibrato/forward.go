//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/zibrato/zibrato/forwarder"
)

type forwardCmd struct {
	operating
	In          listening `default:"tcp://127.0.0.1:5550" help:"Where publishers connect: tcp://host:port or ipc://path; port 0 lets the kernel choose."`
	Out         listening `default:"tcp://127.0.0.1:5551" help:"Where subscribers connect."`
	KeyFile     string    `placeholder:"FILE" help:"The forwarder's secret key, as zibrato keygen writes it: connections are encrypted then, and only those served that --allow names."`
	Allow       string    `placeholder:"PATH" help:"The public keys of those who may connect: a directory of .pub files, or a file of lines. Changes take effect within two seconds."`
	AllowIn     string    `placeholder:"PATH" help:"Of those who may publish, if others than --allow."`
	AllowOut    string    `placeholder:"PATH" help:"Of those who may subscribe, if others than --allow."`
	AllowRemote bool      `help:"Listen on addresses that other machines can reach even without --key-file; all of them may then read and forge measurements."`
}

func (forwardCmd) Help() string {
	return `Programs send to --in, backends receive from --out, each as many as you like, and what subscribers
want is told to the programs, which measure no more than that. The line that says "listening" names the addresses as
bound. At the end it logs how much it has forwarded.

Example:

    zibrato forward --in tcp://127.0.0.1:5550 --out tcp://127.0.0.1:5551
    zibrato forward --in 'tcp://*:5550' --out 'tcp://*:5551' --key-file forwarder.key --allow /etc/zibrato/peers

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure such as a port that is taken, 2 wrong usage.`
}

func (c *forwardCmd) Run(log *slog.Logger) error {
	cfg, err := c.config(log)
	if err != nil {
		return err
	}
	return untilSignal(func(ctx context.Context) error {
		fwd, err := forwarder.Start(cfg)
		if err != nil {
			return forwardTerms(err)
		}
		return c.operate(ctx, log, group{forwarding{fwd, log}})
	})
}

func (c *forwardCmd) config(log *slog.Logger) (cfg forwarder.Config, err error) {
	if err := c.validate(); err != nil {
		return cfg, usageError{err}
	}
	cfg = forwarder.Config{
		In: string(c.In), Out: string(c.Out), AllowRemote: c.AllowRemote, Allow: c.Allow, AllowIn: c.AllowIn, AllowOut: c.AllowOut, Logger: log,
	}
	if c.KeyFile != "" {
		cfg.Key, err = loadPair(c.KeyFile)
	}
	return cfg, err
}

// validate finds what is wrong on every machine.
func (c *forwardCmd) validate() error {
	switch {
	case c.KeyFile == "" && (c.Allow != "" || c.AllowIn != "" || c.AllowOut != ""):
		return errors.New("--key-file: missing beside --allow, which would keep nobody out without it; make a key with zibrato keygen")
	case c.KeyFile != "" && c.Allow == "" && (c.AllowIn == "" || c.AllowOut == ""):
		return errors.New("--allow: missing beside --key-file: only those are served whose public keys are in a directory or file that it names")
	}
	for _, e := range []struct {
		flag string
		listening
	}{{"--in", c.In}, {"--out", c.Out}} {
		if e.remote() && !c.AllowRemote && c.KeyFile == "" {
			return fmt.Errorf("%s %q: other machines can reach this address, and whoever does can read and forge measurements; give --key-file and --allow, use 127.0.0.1, or say --allow-remote", e.flag, e.listening)
		}
	}
	if c.In == c.Out && !strings.HasSuffix(string(c.In), "*") && !strings.HasSuffix(string(c.In), ":0") {
		return fmt.Errorf("--in and --out are both %q; give each its own", c.In)
	}
	return c.operating.validate()
}

func forwardTerms(err error) error {
	return flagTerms(err, "forwarder: ", "", "Config.In", "--in", "Config.Out", "--out", "set Config.AllowRemote", "say --allow-remote",
		"set Config.Key and Config.Allow", "give --key-file and --allow", "Config.AllowIn", "--allow-in", "Config.AllowOut", "--allow-out", "Config.Allow", "--allow",
		"Config.Key", "--key-file", "keys: ", "")
}
