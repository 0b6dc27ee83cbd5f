package otlp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/post"
	"github.com/zibrato/zibrato/metric"
)

var errClosed = errors.New("otlp: sink is closed")

// sink is a backend.Sink. One goroutine at a time uses it.
type sink struct {
	broken   error // a wrong Config
	client   *post.Client
	state    *state
	size     int // of a request
	log      *slog.Logger
	progress progress
	warned   string // what a receiver said last about what it took all the same
	crowded  bool   // it was logged that series are forgotten
	closed   bool
}

// New returns the sink that takes windows to where cfg says, as the package comment describes. Nothing is sent or checked there
// yet. Errors of cfg come from [Config.Validate], and from every Write, as a rejection of the whole window.
//
// An error of Write names the URL, what the receiver said and, where that helps, what to check; it holds no secret.
func New(cfg Config) backend.Sink {
	if err := cfg.Validate(); err != nil {
		return &sink{broken: err}
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	s := &sink{
		client: newClient(cfg),
		state: &state{
			delta: cfg.Temporality == Delta, repeat: cmp.Or(cfg.Repeat, DefaultRepeat), max: cmp.Or(cfg.MaxSeries, DefaultMaxSeries),
			id: newIdentifier(cfg), series: make(map[string]*series),
		},
		size: cmp.Or(cfg.MaxRequest, DefaultMaxRequest),
		log:  cfg.Logger,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// String names the sink for logs.
func (s *sink) String() string {
	if s.broken != nil {
		return "otlp"
	}
	return "otlp " + s.client.Shown()
}

// Write sends a window, see [backend.Sink].
func (s *sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return errClosed
	}
	if s.broken != nil {
		return backend.Reject(s.broken, len(w.Series))
	}
	if p := &s.progress; !p.begun || p.of != windowOf(w) {
		work, err := s.state.take(ctx, w)
		if err != nil {
			return backend.Retry(fmt.Errorf("otlp: %w", err), 0)
		}
		*p = progress{begun: true, of: windowOf(w), work: work}
	}
	halvings := maxHalvings
	for len(s.progress.work) > 0 {
		if err := s.send(ctx, s.progress.work, s.size, &halvings); err != nil {
			return err
		}
	}
	err := s.progress.refused.Rejection("otlp")
	s.progress = progress{}
	if n := s.state.settle(w); n > 0 && !s.crowded {
		s.crowded = true
		s.log.Warn("otlp: there are more series than are remembered: the totals of those that were idle for the longest time begin anew", "max", s.state.max, "forgotten", n)
	}
	return err
}

// Close releases the connections. A Write after it fails.
func (s *sink) Close(context.Context) error {
	s.closed = true
	if s.client != nil {
		s.client.Close()
	}
	return nil
}

// maxHalvings bounds the search for refused points in one Write: each halving costs two requests.
const maxHalvings = 64

// send sends the first of the work that fit into a request, and counts them in progress. It returns an error when the window must come again.
// halvings is how often it may halve them still.
func (s *sink) send(ctx context.Context, work []*series, size int, halvings *int) error {
	if err := ctx.Err(); err != nil {
		return backend.Retry(fmt.Errorf("otlp: %w", err), 0)
	}
	req := s.state.newRequest(s.progress.of.end)
	work = work[:req.fill(work, size)]
	body, err := req.marshal()
	if err != nil { // not of what valid lets through
		s.progress.refuse(len(work), len(work), err.Error())
		return nil
	}
	r, err := s.client.Send(ctx, body)
	if err != nil {
		return err
	}
	return s.judge(ctx, reply{r}, work, halvings)
}

// judge does what a reply asks for.
func (s *sink) judge(ctx context.Context, r reply, work []*series, halvings *int) error {
	p, said := &s.progress, func() string { return s.client.Saying(r.message()) }
	switch {
	case r.taken():
		n, message := r.partial()
		message = s.client.Saying(message)
		switch {
		case n > 0:
			p.refuse(len(work), int(min(n, int64(len(work)))), fmt.Sprintf("%d of %d data points: %s", n, len(work), message))
		default:
			p.refuse(len(work), 0, "")
			if message != "" && message != s.warned {
				s.log.Warn("otlp: the receiver took all, and says something", "url", s.client.Shown(), "message", message)
			}
			s.warned = message
		}
	case r.unfit() && len(work) == 1:
		p.refuse(1, 1, work[0].name+": "+said())
	case r.unfit() && *halvings == 0:
		p.refuse(len(work), len(work), fmt.Sprintf("%d data points from %s on, together: %s", len(work), work[0].name, said()))
	case r.unfit():
		*halvings--
		half := len(work) / 2
		for _, part := range [][]*series{work[:half], work[half:]} {
			if len(p.work) == 0 { // all the rest was refused
				return nil
			}
			if err := s.send(ctx, part, unlimited, halvings); err != nil {
				return err
			}
		}
	default:
		if err := r.failure(s.client, time.Now()); err != nil {
			return err
		}
		p.refuse(len(p.work), len(p.work), fmt.Sprintf("%s: %s; the receiver says: %s", s.client.Status(r.Reply), r.advice(s.client), said()))
	}
	return nil
}
