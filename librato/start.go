//go:build cgo

package librato

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/subscriber"
)

// Start subscribes to a forwarder and takes what it hears to Librato, window by window: the worker of Zibrato 0.2 in one
// call. The backend that it returns is ended by its Close or Shutdown, which write the last window.
//
// Errors are those of [Config.Validate] and of an endpoint that cannot be used. A forwarder or a service that is away is
// none: both are waited for.
func Start(cfg Config) (*backend.Backend, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	detail := subscriber.Summaries
	if cfg.Samples {
		detail = subscriber.Samples
	}
	sub, err := subscriber.Start(subscriber.Config{
		From:          cmp.Or(cfg.From, subscriber.DefaultFrom),
		Levels:        cfg.Levels,
		Detail:        detail,
		Key:           cfg.Key,
		ServerKey:     cfg.ServerKey,
		NextServerKey: cfg.NextServerKey,
		Logger:        cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("librato: %w", err)
	}
	sink := New(cfg)
	b, err := backend.Start(backend.Config{
		From:     sub,
		Interval: cmp.Or(cfg.Interval, time.Minute),
		Sinks:    []backend.Sink{sink},
		Dir:      cfg.Dir,
		DirBytes: cfg.DirBytes,
		Logger:   cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("librato: %w", errors.Join(err, sub.Close(), sink.Close(context.Background())))
	}
	return b, nil
}
