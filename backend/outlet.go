package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/internal/seldom"
	"github.com/zibrato/zibrato/metric"
)

// outlet is one sink with its queue of windows. Its goroutine, run, is the only one that calls the sink.
type outlet struct {
	sink    Sink
	limit   int
	timeout time.Duration
	log     *slog.Logger
	ctx     context.Context // ends when nothing may be written any more
	closing chan struct{}   // closed when each window that is left gets one last try
	done    chan struct{}   // closed when run has returned
	wake    chan struct{}   // holds one token when the queue may have grown

	store *store.Store // nil: there is none

	mu    sync.Mutex
	queue []waiting // oldest first
	hand  waiting   // what run is trying; it may get on disk meanwhile
	stats SinkStats
	lost  int   // windows that closing cost
	kept  int   // windows that closing left on disk. Written by run
	err   error // of the last try that failed, until one succeeds
	ended error // of the sink's Close

	// Owned by run.
	backoff    *backoff.ExponentialBackOff
	since      time.Time // of the first failure in a row; zero: the last try succeeded
	failures   quiet
	rejections quiet
	drops      seldom.Line
	told       uint64 // windows dropped that were logged
}

// waiting is a window in a queue.
type waiting struct {
	number uint64         // in the store
	window *metric.Window // nil: it is on disk only
	onDisk bool
}

func newOutlet(ctx context.Context, name string, sink Sink, cfg Config) *outlet {
	return &outlet{
		sink: sink, limit: cfg.QueueWindows, timeout: cfg.WriteTimeout, log: cfg.Logger.With("sink", name), ctx: ctx,
		closing: make(chan struct{}), done: make(chan struct{}), wake: make(chan struct{}, 1),
		stats: SinkStats{Name: name},
		// With a jitter of one half: 1 to 3 s at first, 20 to 60 s in the end.
		backoff: &backoff.ExponentialBackOff{InitialInterval: 2 * time.Second, Multiplier: 2, RandomizationFactor: 0.5, MaxInterval: 40 * time.Second},
	}
}

// offer puts a window into the queue. When there are too many in memory, the oldest of them makes room. It never waits.
func (o *outlet) offer(w waiting) {
	o.mu.Lock()
	o.queue = append(o.queue, w)
	o.limitMemory()
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// limitMemory lets go of the oldest windows in memory if they are too many. Those that are on disk keep their places. The caller holds the mutex.
func (o *outlet) limitMemory() {
	held := 0
	for i := len(o.queue) - 1; i >= 0; i-- {
		q := &o.queue[i]
		if q.window == nil {
			continue
		}
		if held++; held <= o.limit {
			continue
		}
		if q.onDisk {
			q.window = nil
			continue
		}
		o.queue = slices.Delete(o.queue, i, i+1)
		o.stats.Dropped++
	}
}

// putBack returns a window that is to come again. It is the oldest, so it goes if there are too many meanwhile.
func (o *outlet) putBack(w waiting) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = slices.Insert(o.queue, 0, w)
	o.limitMemory()
}

// evict takes windows out of the queue that are no longer on disk.
func (o *outlet) evict(numbers []uint64) {
	if len(numbers) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	was := len(o.queue)
	o.queue = slices.DeleteFunc(o.queue, func(q waiting) bool { return slices.Contains(numbers, q.number) })
	o.stats.Dropped += uint64(was - len(o.queue))
}

// inMemoryOnly adds the windows that wait and are not on disk.
func (o *outlet) inMemoryOnly(windows map[uint64]*metric.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range append(o.queue[:len(o.queue):len(o.queue)], o.hand) {
		if !w.onDisk && w.window != nil {
			windows[w.number] = w.window
		}
	}
}

// isOnDisk notes that a window that waits is on disk now.
func (o *outlet) isOnDisk(n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.queue {
		if o.queue[i].number == n {
			o.queue[i].onDisk = true
		}
	}
	if o.hand.number == n {
		o.hand.onDisk = true
	}
}

// tried takes a window that was tried out of hand.
func (o *outlet) tried(w *waiting) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w.onDisk, o.hand = o.hand.onDisk, waiting{}
}

// load brings a window that is on disk only into memory. One that is damaged, or had to make room, is dropped and reported as gone.
func (o *outlet) load(w *waiting) (gone bool, err error) {
	if w.window != nil {
		return false, nil
	}
	w.window, err = o.store.Load(w.number)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, store.ErrDamaged) {
		return false, err
	}
	o.mu.Lock()
	o.stats.Dropped++
	o.mu.Unlock()
	o.log.Error("a window that waited on disk is lost", "number", w.number, "error", err)
	o.finish(w)
	return true, nil
}

// finish says that the sink is done with a window.
func (o *outlet) finish(w *waiting) {
	if o.store != nil { // on disk or not: it may get there for another sink
		o.store.Done(o.stats.Name, w.number)
	}
}

// run writes windows until it is told to close, and then what is left.
func (o *outlet) run() {
	defer close(o.done)
	for {
		w, last, ok := o.next()
		if !ok {
			break
		}
		if o.kept > 0 && w.onDisk { // not before those that are kept
			o.keep()
			continue
		}
		gone, err := o.load(&w)
		if gone {
			continue
		}
		if err == nil {
			err = o.try(w.window)
		}
		o.tried(&w)
		again := o.judge(err)
		switch {
		case !again:
			o.finish(&w)
		case last && w.onDisk:
			o.keep()
		case last:
			o.lose()
		default:
			o.putBack(w)
			o.pause(err)
		}
	}
	err := o.call(func() error { return o.sink.Close(o.ctx) })
	if err != nil {
		o.log.Error("sink did not close well", "error", err)
	}
	o.mu.Lock()
	o.ended = err
	o.mu.Unlock()
}

// next waits for a window, and reports whether it gets no other try. Not ok says that none is left, or no time.
func (o *outlet) next() (w waiting, last, ok bool) {
	for {
		select {
		case <-o.closing:
			last = true
		default:
		}
		o.mu.Lock()
		if len(o.queue) > 0 && o.ctx.Err() == nil {
			w, ok = o.queue[0], true
			o.queue[0], o.hand = waiting{}, w
			o.queue = o.queue[1:]
		}
		o.mu.Unlock()
		if ok || last {
			return w, last, ok
		}
		select {
		case <-o.wake:
		case <-o.closing:
		}
	}
}

// try writes a window, within the time that the sink has for it.
func (o *outlet) try(w *metric.Window) error {
	ctx, cancel := context.WithTimeout(o.ctx, o.timeout)
	defer cancel()
	return o.call(func() error { return o.sink.Write(ctx, w) })
}

// errGoexit is what a sink did that ended the goroutine in which it was called, as runtime.Goexit and testing.T.FailNow do.
var errGoexit = errors.New("the sink ended the goroutine that called it")

// call calls the sink, in a goroutine that it may end. That is an error, as is a panic of its, and one of the methods of its error: a nil pointer in that may have some that
// panic.
func (o *outlet) call(f func() error) error {
	done := make(chan error)
	go func() {
		err := errGoexit
		defer func() {
			v := recover()
			if v != nil {
				err = &panicError{v, debug.Stack()}
			}
			if v != nil || err == errGoexit {
				o.mu.Lock()
				o.stats.Panics++
				o.mu.Unlock()
			}
			done <- err
		}()
		e := f()
		if e != nil {
			_ = e.Error()
			RetryAfter(e) // asks all that e wraps
		}
		err = e
	}()
	return <-done
}

// panicError is a panic of a sink's.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// judge counts and logs how a try went, and reports whether the window must come again.
func (o *outlet) judge(err error) (again bool) {
	refused, rejected := Rejected(err)
	again = err != nil && !rejected
	o.mu.Lock()
	s := &o.stats
	switch {
	case again:
		s.Failing, o.err = true, err
	case rejected:
		s.Rejected += uint64(max(refused, 0))
	}
	if err != nil {
		s.LastError = err.Error()
	}
	if !again {
		s.Written++
		s.Failing, o.err = false, nil
	}
	queued, dropped := len(o.queue), s.Dropped
	o.mu.Unlock()

	now := time.Now()
	fresh := dropped - o.told
	switch {
	case again:
		if o.since.IsZero() {
			o.since = now
		}
		if unlogged, ok := o.failures.say(err.Error(), now); ok {
			args := []any{"error", err, "waiting", queued + 1, "dropped", fresh, "unlogged", unlogged}
			if p, ok := err.(*panicError); ok {
				args = append(args, "stack", string(p.stack))
			}
			o.log.Warn("sink failed", args...)
			o.told = dropped
		}
		return true
	case !o.since.IsZero():
		o.log.Info("sink works again", "after", now.Sub(o.since).Round(time.Millisecond), "waited", queued+1, "dropped", fresh)
		o.told, o.since, o.failures = dropped, time.Time{}, quiet{}
		o.backoff.Reset()
	case fresh > 0:
		if _, due := o.drops.Due(0, time.Minute, now); due {
			o.log.Warn("sink is too slow: windows dropped", "dropped", fresh, "waiting", queued)
			o.told = dropped
		}
	}
	if rejected {
		if unlogged, ok := o.rejections.say(err.Error(), now); ok {
			o.log.Warn("sink refused series for good", "error", err, "unlogged", unlogged)
		}
	}
	return false
}

// pause waits until the window may come again, no longer when the backend closes.
func (o *outlet) pause(err error) {
	o.mu.Lock()
	o.stats.Retried++
	o.mu.Unlock()
	after, _ := RetryAfter(err)
	t := time.NewTimer(max(o.backoff.NextBackOff(), after))
	defer t.Stop()
	select {
	case <-t.C:
	case <-o.closing:
	}
}

// lose counts a window whose last try failed.
func (o *outlet) lose() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost++
	o.stats.Dropped++
}

// keep leaves a window for the next backend in the same directory.
func (o *outlet) keep() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept++
}

// result is what closing came to: nil if everything was written and closed. The run that has not returned yet is stuck
// in its sink; what it still holds is lost.
func (o *outlet) result() error {
	stuck := false
	select {
	case <-o.done:
	default:
		stuck = true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	left, kept := 0, o.kept
	for _, q := range o.queue {
		if q.onDisk {
			kept++
		} else {
			left++
		}
	}
	o.queue = nil
	if kept > 0 {
		o.log.Info("windows wait on disk for the next start", "windows", kept)
	}
	o.lost += left
	o.stats.Dropped += uint64(left)
	name := o.stats.Name
	switch {
	case stuck && o.store != nil && o.lost == 0:
		return fmt.Errorf("sink %s: does not return though its time is over; its windows wait on disk", name)
	case stuck && o.hand.window != nil:
		return fmt.Errorf("sink %s: does not return though its time is over; the window that it has is lost, and %d more", name, o.lost)
	case stuck:
		return fmt.Errorf("sink %s: does not return though its time is over; %d windows lost", name, o.lost)
	case o.lost > 0 && o.err != nil:
		return fmt.Errorf("sink %s: %d windows lost: %w", name, o.lost, o.err)
	case o.lost > 0:
		return fmt.Errorf("sink %s: %d windows lost: no time left", name, o.lost)
	case o.ended != nil:
		return fmt.Errorf("sink %s: close: %w", name, o.ended)
	}
	return nil
}

// snapshot returns the statistics of now.
func (o *outlet) snapshot() SinkStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.stats
	s.Queued = len(o.queue)
	for _, q := range o.queue {
		if q.onDisk {
			s.Stored++
		}
	}
	return s
}
