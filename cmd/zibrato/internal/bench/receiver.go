//go:build cgo

package bench

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// loopback lets the kernel choose a port that only this machine can reach.
const loopback = "tcp://127.0.0.1:0"

// A receiver is the part of the pipeline that is in the parent.
type receiver struct {
	forwarder *forwarder.Forwarder
	backend   *backend.Backend
	source    *counting
	sink      *tally
}

// receive starts a receiver that subscribes to that detail.
func receive(detail metric.Detail) (_ *receiver, err error) {
	fwd, err := forwarder.Start(forwarder.Config{In: loopback, Out: loopback})
	if err != nil {
		return nil, err
	}
	sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr(), Levels: metric.Levels{metric.Info}, Detail: detail})
	if err != nil {
		return nil, errors.Join(err, fwd.Close())
	}
	r := &receiver{forwarder: fwd, source: &counting{Source: sub, totals: map[uint32]uint64{}, came: make(chan uint64, 1)}, sink: &tally{}}
	r.backend, err = backend.Start(backend.Config{From: r.source, Interval: window, Sinks: []backend.Sink{r.sink}})
	if err != nil {
		return nil, errors.Join(err, sub.Close(), fwd.Close())
	}
	return r, nil
}

// window is the backend's interval: shorter than most people's, so that writing windows is part of the figures.
const window = time.Second

// arrival is how long what was sent may be under way before it counts as lost.
const arrival = 2 * time.Second

// await waits until as many timers have come as the child has made in all.
func (r *receiver) await(ctx context.Context, total uint64) error {
	late := time.NewTimer(arrival)
	defer late.Stop()
	for came := uint64(0); came < total; {
		select {
		case came = <-r.source.came:
		case <-late.C:
			came = total
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *receiver) close() error { return errors.Join(r.backend.Close(), r.forwarder.Close()) }

// counting is a source that tells how many of the work's timers it has heard of, single or in totals.
type counting struct {
	backend.Source
	totals map[uint32]uint64 // by series; Receive's
	sum    uint64            // of these
	came   chan uint64       // holds the latest sum that nobody has taken yet
}

func (c *counting) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	return c.Source.Receive(ctx, func(b *metric.Batch) {
		deliver(b)
		for i := range b.Entries {
			if e := &b.Entries[i]; strings.HasPrefix(e.Series.Name, workPrefix) && e.After.Count > c.totals[e.ID] {
				c.sum += e.After.Count - c.totals[e.ID]
				c.totals[e.ID] = e.After.Count
			}
		}
		select {
		case <-c.came:
		default:
		}
		c.came <- c.sum // which has room: nobody else sends
	})
}

// tally is a sink that adds up how many of the work's timers its windows hold.
type tally struct{ timers uint64 } // complete once the backend is closed

func (t *tally) Write(_ context.Context, w *metric.Window) error {
	for i := range w.Series {
		if a := &w.Series[i]; strings.HasPrefix(a.Name, workPrefix) {
			t.timers += a.Count
		}
	}
	return nil
}

func (t *tally) Close(context.Context) error { return nil }
