//go:build cgo && linux

package main

import (
	"context"
	"log/slog"

	"github.com/zibrato/zibrato/forwarder"
)

// forwarding is what a forwarder is told when it is started.
type forwarding struct {
	In, Out string
	Stats   string // its file
}

// run forwards until the context ends.
func (p *forwarding) run(ctx context.Context, log *slog.Logger) error {
	f, err := forwarder.Start(forwarder.Config{In: p.In, Out: p.Out, Logger: log})
	if err != nil {
		return err
	}
	keep := keepStats(p.Stats, func() any { return f.Stats() })
	select {
	case <-ctx.Done():
	case <-f.Done():
	}
	keep()
	return f.Close()
}
