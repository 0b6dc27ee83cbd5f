package zprom

import (
	"context"
	"errors"
	"fmt"
	"sync"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/overdue"
	"github.com/zibrato/zibrato/internal/periodic"
)

// ErrLate says that a gathering took longer than it may.
var ErrLate = errors.New("zprom: gathering takes too long")

// Bridge records what a Gatherer knows. Its methods may be called from any goroutine.
type Bridge struct {
	cfg     Config
	watched *zibrato.Timer // is started to see whether anybody watches; times the gatherings
	loop    *periodic.Loop

	mu    sync.Mutex // guards all below, and is held while something is gathered
	call  overdue.Call[gathered]
	known *known
	*troubler
}

// gathered is what a Gatherer returned.
type gathered struct {
	families []*dto.MetricFamily
	err      error
}

// Start begins to gather, with a first gathering, from which counters count. It fails if the configuration is wrong. That the first gathering fails is told as of every
// later one.
func Start(c Config) (*Bridge, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &Bridge{cfg: c, troubler: newTroubler(c.Scope, c.Logger)}
	b.known = newKnown(c, b.troubler)
	b.watched = c.Scope.NewTimer("prometheus.bridge.gather", zibrato.WithHelp("Gathering Prometheus' metrics, and recording them."))
	b.Gather(context.Background())
	b.loop = periodic.Start(c.Every, func() { b.Gather(context.Background()) })
	return b, nil
}

// Gather gathers and records now, beside what the interval brings: before a program ends, or in a test. While nobody watches the level it does nothing.
// What the Gatherer returned beside an error is recorded, and the error returned. It takes no longer than ctx allows, nor than Config.Timeout: then it returns an error that is [ErrLate],
// and the Gatherer is not called again before it has returned.
func (b *Bridge) Gather(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	timing := b.watched.Start()
	if timing == (zibrato.Stopwatch{}) {
		b.known.pause()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, b.cfg.Timeout)
	defer cancel()
	g, err := b.call.Do(ctx, b.safely)
	if err != nil {
		b.met(late, "timeout", b.cfg.Timeout)
		return fmt.Errorf("%w: %w", ErrLate, err)
	}
	if g.err != nil {
		b.met(failed, "error", g.err)
	}
	b.known.record(g.families, g.err == nil)
	timing.Stop()
	return g.err
}

// safely gathers, and takes a panic for an error: it must not end the program.
func (b *Bridge) safely() (g gathered) {
	defer func() {
		if fault := recover(); fault != nil {
			g = gathered{err: fmt.Errorf("zprom: the Gatherer panicked: %v", fault)}
		}
	}()
	g.families, g.err = b.cfg.From.Gather()
	return g
}

// Close gathers a last time, and ends the bridge. Call it before what consumes the recorder is closed. It returns the error of that gathering. Calls after the first
// do nothing. A Gatherer that does not return is left alone after Config.Timeout.
func (b *Bridge) Close() (err error) {
	b.loop.Stop(func() { err = b.Gather(context.Background()) })
	return err
}
