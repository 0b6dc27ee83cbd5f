//go:build cgo

package main

import (
	"context"
	"log/slog"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/admin"
	"github.com/zibrato/zibrato/forwarder"
)

// forwarding is a forwarder as a unit.
type forwarding struct {
	*forwarder.Forwarder
	log *slog.Logger
}

func (forwarding) Name() string { return "forwarder" }

// Stuck asks the forwarder anew each time, and so hears of one that hangs the next time.
func (f forwarding) Stuck() string {
	return overdue("has not moved messages", f.Stats().Overdue)
}

// Waits is empty: it listens, and needs nobody.
func (forwarding) Waits() string { return "" }

func (f forwarding) End(context.Context) error {
	s := f.Stats()
	if err := f.Close(); err != nil {
		return forwardTerms(err)
	}
	f.log.Info("forwarder: closed", "messages", s.Messages, "bytes", s.Bytes, refusals(s))
	return nil
}

func (f forwarding) Report(e *admin.Exposition) {
	s := f.Stats()
	e.Counter("zibrato_forwarder_messages_total", "Messages passed on, whether or not a subscriber wanted them.", s.Messages)
	e.Counter("zibrato_forwarder_bytes_total", "Bytes in those messages.", s.Bytes)
	for reason, n := range s.Refused {
		e.Counter("zibrato_forwarder_refused_total", "What was not passed on, by reason.", n, "reason", forwarder.Refusal(reason).String())
	}
	e.Gauge("zibrato_forwarder_topics", "Topics that are relayed to the publishers.", float64(s.Topics))
	e.Gauge("zibrato_forwarder_publishers", "Connections of publishers, those amid the handshake included.", float64(s.Publishers))
	e.Gauge("zibrato_forwarder_overdue_seconds", "For how long it has not answered when it was asked whether it goes on; renewed with each look.", s.Overdue.Seconds())
	e.Gauge("zibrato_forwarder_subscribers", "Connections of subscribers, those amid the handshake included.", float64(s.Subscribers))
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
