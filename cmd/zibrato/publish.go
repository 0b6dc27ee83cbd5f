//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// sending are the flags of every command that publishes.
type sending struct {
	peering
	To    connecting    `default:"tcp://127.0.0.1:5550" help:"The forwarder's endpoint for publishers."`
	Level level         `default:"info" help:"The level to publish at."`
	Wait  time.Duration `default:"1s" help:"How long to wait for the forwarder and for somebody who subscribes to the level."`
}

func (s sending) validate() error {
	if s.Wait < 0 {
		return fmt.Errorf("--wait: %v: want 0 or more", s.Wait)
	}
	return nil
}

// A messenger publishes one measurement: a recorder of its own, and the text form, which every subscriber reads.
type messenger struct {
	rec *zibrato.Recorder
	pub *publisher.Publisher
	sending
}

func newMessenger(s sending, source string) (*messenger, error) {
	k, err := s.keys()
	if err != nil {
		return nil, err
	}
	rec := zibrato.New(zibrato.Config{Source: source, AlwaysOn: []zibrato.Level{s.Level.Level}})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: string(s.To), Key: k.own, ServerKey: k.server, NextServerKey: k.next, Format: publisher.Text})
	if err != nil {
		return nil, errors.Join(publishTerms(err), rec.Close())
	}
	return &messenger{rec, pub, s}, nil
}

// deliver waits for somebody to subscribe, since a message that is sent before that is lost, lets record make its
// measurement, and waits until that has left the process. The context bounds all of it.
func (m *messenger) deliver(ctx context.Context, record func(*zibrato.Scope)) error {
	if err := m.pub.WaitSubscriber(ctx, m.Level.Level); err != nil {
		return m.explain(err)
	}
	record(m.rec.With(zibrato.AtLevel(m.Level.Level)))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	return publishTerms(m.pub.Shutdown(ctx))
}

// explain gives the two reasons for which nothing can be delivered an exit status each.
func (m *messenger) explain(err error) error {
	switch {
	case errors.Is(err, publisher.ErrNoForwarder) && m.pub.Stats().Refusal != "":
		return statusError{statusNoForwarder, fmt.Errorf("%s: %s", m.To, m.pub.Stats().Refusal)}
	case errors.Is(err, publisher.ErrNoForwarder):
		return statusError{statusNoForwarder, fmt.Errorf("no forwarder at %s within %v; start one with zibrato forward", m.To, m.Wait)}
	case errors.Is(err, publisher.ErrNoSubscriber):
		return statusError{statusNoSubscriber, fmt.Errorf("nobody subscribes to level %s at %s within %v; start zibrato log or another backend", m.Level.Level, m.To, m.Wait)}
	default:
		return publishTerms(err)
	}
}

func (m *messenger) close() { _ = errors.Join(m.pub.Close(), m.rec.Close()) }

func publishTerms(err error) error {
	return flagTerms(err, "publisher: ", "", "Config.Endpoint", "--to")
}

// legal warns of a name that cannot be sent as it is; the recorder makes it legal by the same rule.
func legal(command, name string) {
	if changed, ok := metric.LegalName(name); !ok {
		complain(command, "the name %q is sent as %q", name, changed)
	}
}
