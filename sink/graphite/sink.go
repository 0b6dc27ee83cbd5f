package graphite

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/carry"
	"github.com/zibrato/zibrato/internal/naming"
	"github.com/zibrato/zibrato/metric"
)

// Sink takes windows to Graphite. It is a [backend.Sink], to be called from one goroutine at a time.
type Sink struct {
	encoder encoder
	stream  carry.Stream
	closed  bool
}

var _ backend.Sink = (*Sink)(nil)

// New returns a sink that writes where cfg says. Nothing is sent yet; a server that is away is waited for. Its errors are those of
// [Config.Validate].
func New(cfg Config) (*Sink, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.filled()
	template, err := naming.ParseTemplate(cfg.Template)
	if err != nil {
		return nil, err
	}
	stats, err := parseStats(cfg.Stats)
	if err != nil {
		return nil, err
	}
	return &Sink{
		encoder: encoder{prefix: cfg.Prefix, template: template, tagged: cfg.Tags, stats: stats, log: cfg.Logger},
		stream:  carry.Stream{Network: "tcp", Addr: cfg.Addr, TLS: cfg.TLS.Clone(), Unconfirmed: cfg.Unconfirmed},
	}, nil
}

// String names the sink for logs.
func (s *Sink) String() string { return "graphite " + s.stream.Addr }

// Write sends a window, see [backend.Sink] and, on what is known of its delivery, the package comment.
func (s *Sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return fmt.Errorf("graphite: write: %w", net.ErrClosed)
	}
	unfit, why, err := s.encoder.encode(ctx, w)
	if err == nil && len(s.encoder.out) > 0 {
		err = s.stream.Deliver(ctx, s.encoder.out, false)
	}
	if err != nil {
		return backend.Retry(fmt.Errorf("graphite: %s: %w", s.stream.Addr, err), 0)
	}
	if unfit > 0 {
		return backend.Reject(errors.New("graphite: "+why), unfit)
	}
	return nil
}

// Close ends the sink. A Write after it fails.
func (s *Sink) Close(context.Context) error {
	s.closed = true
	s.stream.Close()
	return nil
}
