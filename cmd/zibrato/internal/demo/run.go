//go:build cgo

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/subscriber"
)

// loopback lets the kernel choose a port that only this machine can reach.
const loopback = "tcp://127.0.0.1:0"

// Run runs the demo until its time is over or ctx ends, neither of which is an error. It starts a forwarder and a
// backend, then the services and the load as processes of their own. When it returns all of them have ended.
func Run(ctx context.Context, o Options) (err error) {
	o, err = o.withDefaults()
	if err != nil {
		return err
	}
	if o.Corpus, err = corpusRoot(ctx, o.Corpus); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.For)
	defer cancel()
	o.Stdout = &lockedWriter{w: o.Stdout} // ours and the table's
	o.Stderr = &lockedWriter{w: o.Stderr} // the children's

	fwd, err := forwarder.Start(forwarder.Config{In: loopback, Out: loopback, Logger: o.Logger})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, fwd.Close()) }()
	sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Detail: subscriber.Summaries, Logger: o.Logger})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	seen, err := backend.Start(backend.Config{From: sub, Interval: o.Every, Sinks: []backend.Sink{NewTable(o.Stdout)}, Logger: o.Logger})
	if err != nil {
		return errors.Join(fmt.Errorf("demo: %w", err), sub.Close())
	}
	children, err := perform(ctx, o, fwd.InAddr())
	// What the children sent last is in the last table, and what all of it cost stands below.
	if err = errors.Join(err, seen.Close()); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	_, err = o.Stdout.Write(renderCosts(children))
	return err
}

// A lockedWriter lets several goroutines write to one writer, one after the other.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
