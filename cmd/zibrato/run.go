//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/subscriber"
)

type runCmd struct {
	operating
	Config string `required:"" placeholder:"FILE" help:"The file that says what to run."`
}

func (runCmd) Help() string {
	return `Runs in one process what a file names: a forwarder, any number of sinks, or both. Each sink has a name, levels, a filter and an interval
of its own, and does not hear of the others. What a command has as flags, a section of the file has as keys, with _ for -; docs/configuration.md
has all of them, "zibrato check" says what is wrong. The file is read once: a change takes effect with the next start.

    forwarder: {}
    sinks:
      librato:
        levels: info+
        user: me@example.org
        token_file: /etc/zibrato/librato.token
      local:
        kind: log
        flush: 10s
        only: [db.*, http.*]
        file: /var/log/zibrato.jsonl

Example:

    zibrato run --config /etc/zibrato/zibrato.yaml --admin 127.0.0.1:9465

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure such as a port that is taken, 2 wrong usage or a wrong file.`
}

func (c *runCmd) Run(log *slog.Logger) error {
	if err := c.operating.validate(); err != nil {
		return usageError{err}
	}
	p, err := readPlan(c.Config, log)
	if wrong := (problems)(nil); errors.As(err, &wrong) && len(wrong) > 1 {
		err = fmt.Errorf("%s (zibrato check tells of %d more)", wrong[0].text, len(wrong)-1)
	}
	if err != nil {
		return usageError{err}
	}
	return untilSignal(func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		sinks, fwd, err := p.start(log, stop)
		if err != nil {
			return errors.Join(err, end(log, []group{sinks, fwd}))
		}
		return c.operate(ctx, log, sinks, fwd)
	})
}

// start starts all of the plan. With an error it returns what was started.
func (p *plan) start(log *slog.Logger, end func()) (sinks, fwd group, err error) {
	from := string(p.receive.From)
	if p.forwarder != nil {
		f, err := forwarder.Start(*p.forwarder)
		if err != nil {
			return nil, nil, inKeys(forwarderKey, forwardTerms(err))
		}
		fwd = group{forwarding{f, log}}
		if from == "" {
			from = dialable(f.OutAddr())
		}
	}
	for _, s := range p.sinks {
		m := s.command.merged()
		cfg := subscriber.Config{
			From: from, Key: p.keys.own, ServerKey: p.keys.server, NextServerKey: p.keys.next, Levels: m.Levels.Levels, Logger: log.With("unit", s.name),
		}
		station, err := m.start(s.name, cfg, end, s.newSink)
		if err != nil {
			return sinks, fwd, inKeys(sinksKey+"."+s.name, receiveTerms(err))
		}
		sinks = append(sinks, station)
	}
	return sinks, fwd, nil
}

// inKeys speaks of keys of a section where an error speaks of flags.
func inKeys(section string, err error) error {
	text := flagInText.ReplaceAllStringFunc(err.Error(), func(flag string) string { return keyName(flag[2:]) })
	return inFlagTerms{err, section + ": " + text}
}

type checkCmd struct {
	File string `arg:"" help:"The file that zibrato run is to be given."`
}

func (checkCmd) Help() string {
	return `Reads the file as "zibrato run" does and opens the files that it names, but listens nowhere, connects to nobody and writes nothing. Each thing that
is wrong is a line on standard error that begins with file and line.

Example:

    zibrato check /etc/zibrato/zibrato.yaml

Exit status: 0 nothing is wrong, 1 failure, 2 something is wrong.`
}

func (c *checkCmd) Run(*slog.Logger) error {
	p, err := readPlan(c.File, slog.New(slog.DiscardHandler))
	if wrong := (problems)(nil); errors.As(err, &wrong) {
		fmt.Fprintln(os.Stderr, wrong)
		return statusError{status: statusUsage}
	}
	if err != nil {
		return usageError{err}
	}
	var all []string
	if p.forwarder != nil {
		all = append(all, "a forwarder")
	}
	for _, s := range p.sinks {
		all = append(all, "the sink "+s.name)
	}
	fmt.Printf("%s: nothing is wrong with it: %s\n", c.File, strings.Join(all, ", "))
	return nil
}
