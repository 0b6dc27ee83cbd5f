//go:build cgo

package publisher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// What WaitSubscriber answers when its context ends.
var (
	ErrNoForwarder  = errors.New("publisher: no forwarder answers")
	ErrNoSubscriber = errors.New("publisher: nobody subscribes to the level")
)

// Publisher sends one recorder's batches. All methods may be called from any goroutine.
type Publisher struct {
	// First, so that they are aligned on 32-bit platforms.
	counts struct {
		messages, bytes, samples, dropped, droppedSamples atomic.Uint64
	}

	cfg   Config
	tap   *zibrato.Tap
	queue *queue
	log   *slog.Logger

	topics    atomic.Pointer[topics] // written by the socket's goroutine
	connected atomic.Bool            // likewise

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when topics or connected change

	warned struct {
		at      time.Time // owned by the drain
		dropped uint64
	}

	stopping sync.Once
	stop     chan context.Context // asks the socket's goroutine to close the socket until the context ends
	stopped  chan struct{}        // closed when it did
	result   error                // of the shutdown, once stopped is closed
}

// Stats says what a publisher did since it was started.
type Stats struct {
	Messages       uint64 // handed to libzmq
	Bytes          uint64 // in them
	Samples        uint64 // in them
	Dropped        uint64 // messages that found the queue full, or were in it at the end
	DroppedSamples uint64 // samples in messages that found the queue full
	Queued         int    // messages that wait now
	QueuedBytes    int    // bytes in them
	Topics         int    // prefixes that are subscribed to now
	Connected      bool   // whether the forwarder answers
}

// Start connects to the forwarder, which need not exist yet, and attaches to the recorder. It fails on a config that is wrong and on a recorder that is closed.
func Start(c Config) (*Publisher, error) {
	cfg, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Publisher{
		cfg:     cfg,
		queue:   newQueue(cfg.QueueBytes),
		log:     cfg.Logger.With("component", "publisher", "endpoint", cfg.Endpoint),
		changed: make(chan struct{}),
		stop:    make(chan context.Context, 1),
		stopped: make(chan struct{}),
	}
	p.topics.Store(&topics{})
	s, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	if p.tap, err = cfg.Recorder.Attach(p.deliver); err != nil {
		s.close(0)
		return nil, fmt.Errorf("publisher: %w", err)
	}
	go p.run(s)
	return p, nil
}

// deliver queues a batch. The drain calls it.
func (p *Publisher) deliver(b *metric.Batch) {
	for _, n := range b.Notices {
		p.log.Warn(n)
	}
	if p.cfg.Format == Text {
		for i := range b.Samples {
			p.put(1, func(dst []byte) []byte { return metric.AppendText(dst, b, i) })
		}
	} else {
		p.put(len(b.Samples), func(dst []byte) []byte { return metric.AppendBatch(dst, b) })
	}
	if dropped := p.counts.dropped.Load(); dropped > p.warned.dropped && time.Since(p.warned.at) > 10*time.Second {
		p.log.Warn("the forwarder is too slow, or stands still: messages are dropped; counts and sums are kept", "dropped", dropped-p.warned.dropped)
		p.warned.at, p.warned.dropped = time.Now(), dropped
	}
}

func (p *Publisher) put(samples int, encode func([]byte) []byte) {
	if !p.queue.put(encode) {
		p.counts.dropped.Inc()
		p.counts.droppedSamples.Add(uint64(samples))
		return
	}
	p.counts.samples.Add(uint64(samples))
}

// run owns the socket.
func (p *Publisher) run(s *socket) {
	defer close(p.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait := backstop
		if p.send(s) {
			wait = retryFull
		}
		p.hear(s) // after sending, which may have swallowed the descriptor's signal
		timer.Reset(wait)
		select {
		case <-p.queue.ready:
		case <-s.ear.C:
		case <-s.events.ear.C:
		case <-timer.C:
		case ctx := <-p.stop:
			p.result = p.finish(ctx, s)
			return
		}
	}
}

const (
	// backstop is how long the socket goes unlooked at when nothing happens. Its descriptor speaks up; this is for what we do not know.
	backstop = time.Second
	// retryFull is how soon a message is offered again that libzmq had no room for.
	retryFull = 5 * time.Millisecond
)

// send hands libzmq what is queued. It reports whether something is left, for which there was no room.
func (p *Publisher) send(s *socket) (left bool) {
	for n := 0; ; n++ {
		msg := p.queue.first()
		if msg == nil {
			return false
		}
		sent, err := s.send(msg)
		if err != nil {
			p.log.Error("sending failed; the message is dropped", "error", err)
			p.counts.dropped.Inc()
			p.queue.drop()
			continue
		}
		if !sent {
			return true
		}
		p.counts.messages.Inc()
		p.counts.bytes.Add(uint64(len(msg)))
		p.queue.drop()
		if n%16 == 15 { // sending may have swallowed the descriptor's signal
			p.hear(s)
		}
	}
}

// hear takes in what the forwarder said: subscriptions, and whether it is there.
func (p *Publisher) hear(s *socket) {
	was, wasConnected := *p.topics.Load(), p.connected.Load()
	now, added := was, false
	for {
		msg, ok := s.subscription()
		if !ok {
			break
		}
		var more bool
		now, more = now.heard(msg)
		added = added || more
	}
	connected := s.events.connected(s, wasConnected)
	heard := added || len(now) != len(was)
	if !heard && connected == wasConnected {
		return
	}
	p.topics.Store(&now)
	p.connected.Store(connected)
	if heard {
		format := p.cfg.Format
		p.tap.Watch(func(l zibrato.Level) bool { return now.want(format, l) }, nil)
	}
	p.mu.Lock()
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
}

// WaitSubscriber waits until somebody subscribes to the level: what is sent before that is lost. A program that lives for a moment only waits so before
// it measures. When ctx ends first the error is ErrNoForwarder or ErrNoSubscriber, and wraps ctx.Err().
func (p *Publisher) WaitSubscriber(ctx context.Context, l metric.Level) error {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if p.topics.Load().want(p.cfg.Format, l) {
			return nil
		}
		select {
		case <-changed:
		case <-p.stopped:
			return errors.New("publisher: it is closed")
		case <-ctx.Done():
			if !p.connected.Load() {
				return fmt.Errorf("%w at %s: %w", ErrNoForwarder, p.cfg.Endpoint, ctx.Err())
			}
			return fmt.Errorf("%w %s at %s: %w", ErrNoSubscriber, l, p.cfg.Endpoint, ctx.Err())
		}
	}
}

// Flush sends what was recorded before it was called: when it returns nil, libzmq has taken all of it. What nobody subscribes to is not sent.
func (p *Publisher) Flush(ctx context.Context) error {
	if err := p.tap.Flush(ctx); err != nil {
		return fmt.Errorf("publisher: %w", err)
	}
	select {
	case <-p.queue.drained():
		return nil
	case <-p.stopped:
		return p.unsent(errors.New("the publisher is closed"))
	case <-ctx.Done():
		return p.unsent(ctx.Err())
	}
}

func (p *Publisher) unsent(err error) error {
	n, bytes := p.queue.len()
	return fmt.Errorf("publisher: %d messages (%d bytes) not sent: %w", n, bytes, err)
}

// Shutdown sends what was recorded, detaches from the recorder and closes the socket. When it returns nil, all messages have left this process. When
// ctx ends before that, Shutdown gives up, drops what is left and says how much. Later calls wait for the first and return what it did.
func (p *Publisher) Shutdown(ctx context.Context) error {
	p.stopping.Do(func() {
		if err := p.tap.Close(ctx); err != nil {
			p.log.Warn("the last samples were not sent", "error", err)
		}
		select {
		case <-p.queue.drained():
		case <-ctx.Done():
		}
		p.stop <- ctx
	})
	<-p.stopped
	return p.result
}

// Close is Shutdown within Config.CloseTimeout.
func (p *Publisher) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.CloseTimeout)
	defer cancel()
	return p.Shutdown(ctx)
}

// finish closes the socket.
func (p *Publisher) finish(ctx context.Context, s *socket) error {
	p.send(s)
	var err error
	if n, _ := p.queue.len(); n > 0 {
		err = p.unsent(cause(ctx))
		p.counts.dropped.Add(uint64(n))
	}
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = max(time.Until(deadline), 0)
	} else if ctx.Err() == nil {
		left = p.cfg.CloseTimeout
	}
	if err != nil {
		left = 0 // the forwarder does not take messages: what libzmq holds will not leave either
	}
	p.connected.Store(false)
	return errors.Join(err, s.close(left))
}

func cause(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.New("the forwarder does not take them")
}

// Stats returns what the publisher did so far.
func (p *Publisher) Stats() Stats {
	n, bytes := p.queue.len()
	return Stats{
		Messages:       p.counts.messages.Load(),
		Bytes:          p.counts.bytes.Load(),
		Samples:        p.counts.samples.Load(),
		Dropped:        p.counts.dropped.Load(),
		DroppedSamples: p.counts.droppedSamples.Load(),
		Queued:         n,
		QueuedBytes:    bytes,
		Topics:         len(*p.topics.Load()),
		Connected:      p.connected.Load(),
	}
}
