package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/internal/seldom"
	"github.com/zibrato/zibrato/metric"
)

// grace is how long a source or a sink may go on after its context ended before the backend stops waiting for it.
const grace = 250 * time.Millisecond

// Backend receives batches, merges them into windows and writes these to its sinks. Make one with [Start] and close it.
// Its methods may be called from any goroutine.
type Backend struct {
	// First, so that they are aligned where words have 32 bits.
	unlogged atomic.Uint64 // notices; written by deliver and run
	windows  atomic.Uint64 // written by run
	turn     atomic.Int64  // how long after began run is to act next at the latest, in nanoseconds; 0: no more. Written by run

	cfg     Config
	began   time.Time // with the monotonic clock's reading
	fold    *fold
	store   *store.Store // nil: all is in memory
	outlets []*outlet

	receiving context.Context    // ends when the source shall hand over the rest
	stop      context.CancelFunc // ends receiving
	writing   context.Context    // ends when nothing may be written any more
	expire    context.CancelFunc // ends writing
	deadline  time.Time          // of the first Shutdown; zero: none. Set before stop is called.
	stopOnce  sync.Once

	received chan struct{} // closed when the source is done with and closed
	broken   error         // why the source ended unasked. Set before received is closed.
	unclean  error         // what went wrong when it was asked to. Set before received is closed.
	notices  chan string   // from add to log; full: counted
	done     chan struct{} // closed when the source broke and was flushed, or after Shutdown
	ended    chan struct{} // closed after Shutdown
	result   error         // what Shutdown returns. Set before ended is closed.
	noticed  noticeLog     // owned by run
	tooMany  seldom.Line   // owned by run
	missing  seldom.Line   // owned by run
	setBack  seldom.Line   // owned by run
}

// Start begins to receive from cfg.From and to write to cfg.Sinks. From then on both belong to the backend; when
// Start returns an error, which names the field at fault, they are as they were and still the caller's.
func Start(cfg Config) (*Backend, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	b := &Backend{
		cfg: cfg, began: now, fold: newFold(cfg, now), received: make(chan struct{}), notices: make(chan string, 16),
		done: make(chan struct{}), ended: make(chan struct{}),
	}
	b.receiving, b.stop = context.WithCancel(context.Background())
	b.writing, b.expire = context.WithCancel(context.Background())
	names := sinkNames(cfg.Sinks)
	for i, s := range cfg.Sinks {
		b.outlets = append(b.outlets, newOutlet(b.writing, names[i], s, cfg))
	}
	b.fold.own = newOwn()
	s, err := b.open(names, now)
	if err != nil {
		return nil, err
	}
	if start, end, ok := s.next(now); ok { // a window that a kill left open, and whose time is over
		b.flush(start, end, s.start, false)
	}
	if src, ok := cfg.From.(opener); ok {
		if err := src.open(b.deliver); err != nil {
			if b.store != nil {
				b.store.Close()
			}
			return nil, fmt.Errorf("backend: Config.From: %w", err)
		}
	}
	for _, o := range b.outlets {
		go o.run()
	}
	go b.receive()
	go b.run(s)
	return b, nil
}

// sinkNames names sinks by what they say of themselves, else by their types, with a number where there are several of one.
func sinkNames(sinks []Sink) []string {
	names := make([]string, len(sinks))
	total, seen, taken := make(map[string]int), make(map[string]int), make(map[string]bool)
	for i, s := range sinks {
		if own, ok := s.(fmt.Stringer); ok {
			names[i] = own.String()
		} else {
			names[i] = strings.TrimPrefix(fmt.Sprintf("%T", s), "*")
		}
		total[names[i]]++
	}
	for i, name := range names {
		if total[name] == 1 {
			continue
		}
		for names[i] = name; total[names[i]] > 0 || taken[names[i]]; { // a name may end in a number by itself
			seen[name]++
			names[i] = fmt.Sprintf("%s %d", name, seen[name])
		}
		taken[names[i]] = true
	}
	return names
}

// receive is the goroutine that owns the source.
func (b *Backend) receive() {
	defer close(b.received)
	err := b.cfg.From.Receive(b.receiving, b.deliver)
	asked := b.receiving.Err() != nil
	closed := b.cfg.From.Close()
	switch {
	case !asked && err == nil:
		b.broken = errors.New("the source ended by itself")
	case !asked:
		b.broken = fmt.Errorf("source: %w", err)
	case err != nil:
		b.unclean = fmt.Errorf("source: %w", err)
	case closed != nil:
		b.unclean = fmt.Errorf("source: close: %w", closed)
	}
}

// deliver takes a batch from the source. In-process this is the recorder's own goroutine, so nothing here waits.
func (b *Backend) deliver(batch *metric.Batch) {
	for _, n := range batch.Notices {
		select {
		case b.notices <- n:
		default:
			b.unlogged.Inc()
		}
	}
	b.fold.add(batch, time.Now())
}

// Shutdown ends receiving, which brings what the source still has; flushes the open window, whose end is then now; gives every window that
// waits one last try; and closes sinks and source. It returns when all that is done, or soon after ctx ended: what
// a source or a sink did not do by then is given up. Half of the time is for the source at most. With Config.Dir a sink that fails gets no
// further tries: its windows wait on disk for the next start, and are not lost.
//
// The error says what was lost, per sink. Shutdown may be called again, and by several at once: the shutdown is one, every caller
// gets its error, and the first context to end ends it.
func (b *Backend) Shutdown(ctx context.Context) error {
	b.stopOnce.Do(func() {
		b.deadline, _ = ctx.Deadline()
		b.stop()
	})
	defer context.AfterFunc(ctx, b.expire)()
	<-b.ended
	return b.result
}

// Close is Shutdown within Config.CloseTimeout.
func (b *Backend) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), b.cfg.CloseTimeout)
	defer cancel()
	return b.Shutdown(ctx)
}

// Done is closed when the backend has ended: after Shutdown, or when the source broke and the window that was open then has been handed
// to the sinks. In the latter case Shutdown is still to be called: the sinks go on until then.
func (b *Backend) Done() <-chan struct{} { return b.done }

// Err tells why the backend ended by itself. It is nil before Done is closed, and where Shutdown ended it.
func (b *Backend) Err() error {
	select {
	case <-b.done:
	default:
		return nil
	}
	select {
	case <-b.received:
		if b.broken != nil {
			return fmt.Errorf("backend: %w", b.broken)
		}
	default: // given up on
	}
	return nil
}

// Stats returns what the backend has done so far.
func (b *Backend) Stats() Stats {
	s := b.fold.snapshot()
	s.Windows = b.windows.Load()
	s.Unlogged = b.unlogged.Load()
	if turn := b.turn.Load(); turn > 0 {
		s.Overdue = max(time.Since(b.began)-time.Duration(turn), 0)
	}
	if b.store != nil {
		s.Store = b.store.Stats()
	}
	for _, o := range b.outlets {
		s.Sinks = append(s.Sinks, o.snapshot())
	}
	return s
}
