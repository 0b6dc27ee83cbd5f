package zibrato

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// Tap is a consumer's connection to a recorder: a publisher holds one, and every in-process backend.
type Tap struct {
	r       *Recorder
	deliver func(*metric.Batch)

	// Guarded by r.mu.
	match   choice // what it wants
	settled choice // what it wanted when the drain last welcomed somebody
	gone    bool
}

// choice says which levels are wanted in each detail; nil: none.
type choice [details]func(Level) bool

func (c *choice) includes(l Level, d metric.Detail) bool { return c[d] != nil && c[d](l) }

// Attach connects a consumer. deliver is called with one batch at a time, on the goroutine that drains or, in Flush and Close, on the caller's;
// it must not block, and must not call the recorder's Attach or the Tap. A panic in it is counted as misuse. The batch is lent, see metric.Batch. The levels of Config.AlwaysOn are recorded
// from now on; what is delivered is for Watch to say.
func (r *Recorder) Attach(deliver func(*metric.Batch)) (*Tap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	clock.Calibrate() // before the first timing can begin
	empties.time()
	r.consumed = true
	t := &Tap{r: r, deliver: deliver}
	r.taps = append(slices.Clone(r.taps), t)
	r.switchLevels()
	if r.stop == nil {
		r.stop, r.stopped = make(chan struct{}), make(chan struct{})
		r.resumed = true
		go r.drainLoop(r.stop, r.stopped)
	}
	return t, nil
}

// hand gives the consumer a batch, unless it left meanwhile.
func (t *Tap) hand(b *metric.Batch) {
	t.r.mu.Lock()
	gone := t.gone
	t.r.mu.Unlock()
	if gone {
		return
	}
	defer func() {
		if fault := recover(); fault != nil {
			t.r.consumerPanicked(fault)
		}
	}()
	t.deliver(b)
}

func (r *Recorder) switchLevels() {
	for _, l := range r.levels {
		r.switchLevel(l)
	}
}

// Watch says which levels the consumer wants from now on, those included that do not exist yet: in single samples, and in summaries;
// nil: none. A level may be wanted in both. What is wanted is recorded, and its batches are delivered, beginning with
// the totals of all series of every wanted level: somebody new may listen. The functions must be pure and quick.
func (t *Tap) Watch(samples, summaries func(Level) bool) {
	r := t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.gone {
		return
	}
	t.match = choice{metric.Samples: samples, metric.Summaries: summaries}
	if r.full == nil {
		r.full = map[*level]time.Duration{}
	}
	for _, l := range r.levels {
		for d := range t.match {
			if t.match.includes(l.label, metric.Detail(d)) {
				r.full[l] = time.Since(r.begun)
			}
		}
	}
	r.arrived.Store(true) // before it is recorded for the consumer
	r.switchLevels()
	r.hasten()
}

// hasten lets the drain make a pass soon.
func (r *Recorder) hasten() {
	select {
	case r.hurry <- struct{}{}:
	default: // it will already
	}
}

// wanting returns the consumers that want a level in a detail.
func (r *Recorder) wanting(l *level, d metric.Detail) []*Tap {
	return r.choose(func(t *Tap) bool { return t.match.includes(l.label, d) })
}

func (r *Recorder) choose(f func(*Tap) bool) (taps []*Tap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.taps {
		if f(t) {
			taps = append(taps, t)
		}
	}
	return taps
}

// Handled is what a consumer did with batches after they were delivered to it.
type Handled struct {
	Bytes int64         // that it handed on, such as to ZeroMQ
	Lost  int64         // samples that were in batches which it dropped, those behind summaries included
	Spent time.Duration // of CPU, outside of deliver
}

// Report adds to what the recorder says about itself, in the series zibrato.published.bytes, zibrato.samples.lost and zibrato.cpu.share. Any
// goroutine may call it.
func (t *Tap) Report(h Handled) {
	t.r.handled.bytes.Add(h.Bytes)
	t.r.handled.lost.Add(h.Lost)
	t.r.handled.spent.Add(int64(h.Spent))
}

// Flush delivers what was recorded before it was called.
func (t *Tap) Flush(ctx context.Context) error {
	r := t.r
	select {
	case r.draining <- struct{}{}:
		defer func() { <-r.draining }()
	case <-ctx.Done():
		return fmt.Errorf("zibrato: flush: %w", ctx.Err())
	}
	r.pass(true)
	return nil
}

// Close delivers what was recorded before it was called, each level's last batch marked final, and detaches the consumer. When it returns,
// deliver is not called any more. When ctx ends first it detaches all the same, without the last batches, and returns an error; one call
// of deliver may still be under way then. It is idempotent.
func (t *Tap) Close(ctx context.Context) error {
	r := t.r
	if !acquire(ctx, r.draining) {
		r.detach(t)
		return fmt.Errorf("zibrato: close: %w", ctx.Err())
	}
	r.mu.Lock()
	first := !t.gone
	r.mu.Unlock()
	if !first {
		<-r.draining
		return nil
	}
	r.pass(true)
	r.final(t)
	stopped := r.detach(t)
	<-r.draining
	if stopped == nil {
		return nil
	}
	<-stopped
	return r.awaitAsked(ctx)
}

// acquire puts a token where one fits, at once where that is free, even when ctx has ended.
func acquire(ctx context.Context, token chan<- struct{}) bool {
	select {
	case token <- struct{}{}:
		return true
	default:
	}
	select {
	case token <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// detach takes the consumer off the recorder. When it was the last one, it ends the drain, and returns what is closed once that has ended.
func (r *Recorder) detach(t *Tap) (stopped chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t.gone {
		return nil
	}
	t.gone, t.match = true, choice{}
	r.taps = slices.DeleteFunc(slices.Clone(r.taps), func(o *Tap) bool { return o == t })
	r.switchLevels()
	if len(r.taps) == 0 {
		close(r.stop)
		stopped = r.stopped
		r.stop, r.stopped = nil, nil
	}
	return stopped
}
