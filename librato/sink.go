package librato

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/post"
	"github.com/zibrato/zibrato/metric"
)

const (
	// maxAge is the age of a window that is not worth sending: the service refuses measurements of about 120 minutes.
	maxAge = 110 * time.Minute
	// setupPause is the time between tries when something is set up wrongly.
	setupPause = time.Minute
)

var errClosed = errors.New("librato: sink is closed")

// sink is a backend.Sink. One goroutine at a time uses it.
type sink struct {
	broken   error // a wrong Config
	client   *post.Client
	encoder  encoder
	envelope envelope
	batch    int
	progress progress
	closed   bool
	now      func() time.Time
}

// New returns the sink that takes windows to where cfg says, as the package comment describes. Nothing is sent or checked there
// yet. Errors of cfg come from [Config.Validate], and from every Write, as a rejection of the whole window.
//
// An error of Write names the URL's host, what the server said and, where that helps, what to check; it holds no credentials.
func New(cfg Config) backend.Sink {
	if err := cfg.Validate(); err != nil {
		return &sink{broken: err}
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &sink{
		client:   post.New(requests(cfg)),
		encoder:  encoder{naming: naming{prefix: cfg.Prefix, api: cfg.API, log: log, renamed: map[string]bool{}}},
		envelope: envelope{api: cfg.API},
		batch:    cfg.batchSize(),
		now:      time.Now,
	}
	for _, p := range cfg.Percentiles {
		s.encoder.percentiles = append(s.encoder.percentiles, newPercentile(p))
	}
	return s
}

// String names the sink for logs.
func (s *sink) String() string {
	if s.broken != nil {
		return "librato"
	}
	return "librato " + s.client.Shown()
}

// Write sends a window, see [backend.Sink].
func (s *sink) Write(ctx context.Context, w *metric.Window) error {
	if s.closed {
		return errClosed
	}
	if s.broken != nil {
		return backend.Reject(s.broken, len(w.Series))
	}
	items, unfit, why, err := s.encoder.encode(ctx, w)
	if err != nil {
		return backend.Retry(fmt.Errorf("librato: %w", err), 0)
	}
	if of := (id{w.Start.UnixNano(), w.End.UnixNano(), len(items)}); s.progress.of != of {
		s.progress = progress{of: of, last: -1}
	}
	p := &s.progress
	if age := s.now().Sub(w.Start); age > maxAge {
		rest := items[p.done:]
		p.refuse(rest, len(rest), fmt.Sprintf("the window began at %s, %s ago; none older than %s is taken",
			w.Start.UTC().Format(time.RFC3339), age.Round(time.Minute), maxAge))
	}
	halvings := maxHalvings
	for p.done < len(items) {
		if err := s.send(ctx, w, items[p.done:min(p.done+s.batch, len(items))], &halvings); err != nil {
			return err
		}
	}
	if unfit > 0 {
		p.refused.Add(unfit, why)
	}
	err = p.refused.Rejection("librato")
	s.progress = progress{}
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
