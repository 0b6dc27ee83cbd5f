package statsd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/carry"
	"github.com/zibrato/zibrato/internal/naming"
	"github.com/zibrato/zibrato/metric"
)

// resume is how long a window goes on on a TCP connection that hangs.
const resume = time.Minute

// Sink takes windows to a StatsD server. It is a [backend.Sink], to be called from one goroutine at a time.
type Sink struct {
	encoder   encoder
	datagrams *datagrams    // one of the two
	stream    *carry.Stream // over TCP
	closed    bool

	// A window that has been encoded and not been delivered yet.
	pending *id
	unfit   int // of its series
	why     string
}

// id tells windows apart. The same window has the same content.
type id struct {
	start, end int64
	series     int
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
	s := &Sink{encoder: encoder{cfg: cfg, template: template}}
	if cfg.Network == "tcp" {
		s.encoder.limit = maxLine
		s.stream = &carry.Stream{Network: cfg.Network, Addr: cfg.Addr, Unconfirmed: cfg.Unconfirmed, Resume: resume}
	} else {
		s.encoder.limit = cfg.Packet + 1 // the last line feed stays behind
		s.datagrams = &datagrams{network: cfg.Network, addr: cfg.Addr, log: cfg.Logger}
	}
	return s, nil
}

// String names the sink for logs.
func (s *Sink) String() string { return "statsd " + s.encoder.cfg.Network + " " + s.encoder.cfg.Addr }

// Write sends a window, see [backend.Sink] and, on what is known of its delivery, the package comment.
func (s *Sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return fmt.Errorf("statsd: write: %w", net.ErrClosed)
	}
	of := id{w.Start.UnixNano(), w.End.UnixNano(), len(w.Series)}
	again := s.pending != nil && *s.pending == of
	if !again {
		s.pending = nil
		var err error
		if s.unfit, s.why, err = s.encoder.encode(ctx, w); err != nil {
			return backend.Retry(fmt.Errorf("statsd: %w", err), 0)
		}
		s.pending = &of
	}
	if err := s.deliver(ctx, w.Interval, again); err != nil {
		return backend.Retry(fmt.Errorf("statsd: %s %s: %w", s.encoder.cfg.Network, s.encoder.cfg.Addr, err), 0)
	}
	s.pending = nil
	if s.unfit > 0 {
		return backend.Reject(errors.New("statsd: "+s.why), s.unfit)
	}
	return nil
}

func (s *Sink) deliver(ctx context.Context, interval time.Duration, again bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &s.encoder
	switch {
	case len(e.out) == 0:
		return nil
	case s.stream != nil:
		return s.stream.Deliver(ctx, e.out, again)
	}
	return s.datagrams.deliver(ctx, e.out, e.ends, s.rate(interval), again)
}

// rate is at how many bytes per second the packets go, 0 for no bound.
func (s *Sink) rate(interval time.Duration) float64 {
	r := float64(s.encoder.cfg.Rate)
	if r <= 0 || s.stream != nil || s.encoder.cfg.Network != "udp" {
		return 0
	}
	if in := interval.Seconds() / 4; in > 0 {
		r = max(r, float64(len(s.encoder.out))/in)
	}
	return r
}

// Close ends the connection. A Write after it fails.
func (s *Sink) Close(context.Context) error {
	s.closed = true
	if s.stream != nil {
		s.stream.Close()
	} else {
		s.datagrams.close()
	}
	return nil
}
