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
	"github.com/zibrato/zibrato/internal/monitor"
	"github.com/zibrato/zibrato/internal/seldom"
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
		messages, bytes, samples, summaries, dropped, droppedSamples, droppedSummaries, unwelcome atomic.Uint64
	}

	cfg   Config
	tap   *zibrato.Tap
	queue *queue
	log   *slog.Logger

	subscriptions *subscriptions           // owned by the socket's goroutine
	interest      atomic.Pointer[interest] // what these come to; written by that goroutine
	connected     atomic.Bool              // likewise
	refusal       atomic.Uint32            // likewise: the monitor.Refusal of the last handshake

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when interest or connected change

	drops      seldom.Line // owned by the drain
	refusals   seldom.Line // owned by the socket's goroutine
	refused    uint64      // messages that libzmq refused; likewise
	handshakes seldom.Line // likewise
	excesses   seldom.Line // likewise
	said       uint64      // how often the forwarder said too much; likewise

	stopping sync.Once
	stop     chan context.Context // asks the socket's goroutine to close the socket until the context ends
	stopped  chan struct{}        // closed when it did
	result   error                // of closing the socket, once stopped is closed; of the shutdown, once stopping is done
}

// Start connects to the forwarder, which need not exist yet, and attaches to the recorder. It fails on a config that is wrong and on a recorder that is closed.
func Start(c Config) (*Publisher, error) {
	cfg, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Publisher{
		cfg:           cfg,
		queue:         newQueue(cfg.QueueBytes),
		log:           cfg.Logger.With("component", "publisher", "endpoint", cfg.Endpoint),
		subscriptions: newSubscriptions(cfg.Hold),
		changed:       make(chan struct{}),
		stop:          make(chan context.Context, 1),
		stopped:       make(chan struct{}),
	}
	p.interest.Store(p.subscriptions.interest())
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
	m := message{form: form(p.cfg.Format, b.Detail), level: b.Level, queued: time.Now()}
	if wanted, _ := p.interest.Load().match(m.form, m.level); !wanted { // withdrawn a moment ago
		return
	}
	if p.cfg.Format == Text {
		m.samples = 1
		for i := range b.Samples {
			p.put(m, 1, 0, func(dst []byte) []byte { return metric.AppendText(dst, b, i) })
		}
	} else {
		m.samples, m.uptime = samplesIn(b), b.Uptime
		p.put(m, len(b.Samples), len(b.Summaries), func(dst []byte) []byte { return metric.AppendBatch(dst, b) })
	}
	if dropped := p.counts.dropped.Load(); p.drops.Rest(dropped) > 0 {
		if since, due := p.drops.Due(dropped, logEvery, time.Now()); due {
			p.log.Warn("the forwarder is gone, too slow, or stands still: messages are dropped; counts and sums are kept", "dropped", since)
		}
	}
}

// logEvery is the least time between two log lines about the same thing.
const logEvery = 10 * time.Second

// samplesIn returns of how many samples the batch has details.
func samplesIn(b *metric.Batch) int64 {
	n := int64(len(b.Samples))
	for i := range b.Summaries {
		n += int64(b.Summaries[i].Count)
	}
	return n
}

// put queues a message that has so many samples or summaries in it. Where there is no room it drops it.
func (p *Publisher) put(m message, samples, summaries int, encode func([]byte) []byte) {
	if !p.queue.put(m, encode) {
		p.counts.dropped.Inc()
		p.tap.Report(zibrato.Handled{Lost: m.samples})
		p.counts.droppedSamples.Add(uint64(samples))
		p.counts.droppedSummaries.Add(uint64(summaries))
		return
	}
	p.counts.samples.Add(uint64(samples))
	p.counts.summaries.Add(uint64(summaries))
}

// fateOf decides about a message. Without a connection libzmq would take it, and drop it in silence, as it does while nobody subscribes to it.
func (p *Publisher) fateOf(m message) fate {
	wanted, listened := p.interest.Load().match(m.form, m.level)
	switch {
	case !wanted:
		return never
	case listened && p.connected.Load():
		return now
	}
	return later
}

// dropFirst drops the oldest message of the queue.
func (p *Publisher) dropFirst() {
	p.counts.dropped.Inc() // first: Flush looks at it when the queue is empty
	p.tap.Report(zibrato.Handled{Lost: p.queue.drop()})
}

// run owns the socket.
func (p *Publisher) run(s *socket) {
	defer close(p.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.begin()
		full := p.send(s)
		p.hear(s) // after sending, which may have swallowed the descriptor's signal
		if s.end() {
			p.shutOut(s, time.Now())
		}
		wait := backstop
		switch {
		case full:
			wait = retryFull
		case p.connected.Load() && len(p.subscriptions.held) == 0:
			wait = calm
		}
		if !s.link.Lost.IsZero() || !s.shut.IsZero() {
			wait = min(wait, monitor.ReviveAfter)
		}
		timer.Reset(wait)
		select {
		case <-p.queue.ready:
		case <-s.ear.C:
		case <-s.news.C:
		case <-timer.C:
		case ctx := <-p.stop:
			p.result = p.finish(ctx, s)
			return
		}
	}
}

const (
	// backstop is how long the socket goes unlooked at while there is no connection, or something is held back that is to be let go in time.
	backstop = time.Second
	// calm is that where neither is so. The descriptor speaks up; this is for what we do not know, and each look wakes an idle process.
	calm = 10 * time.Second
	// stall is how long a shutdown waits for a forwarder that is gone, when there is more to send than the queue holds.
	stall = 100 * time.Millisecond
	// retryFull is how soon a message is offered again that libzmq had no room for.
	retryFull = 5 * time.Millisecond
)

// send hands libzmq what is queued. It reports whether something is left, for which there was no room.
func (p *Publisher) send(s *socket) (left bool) {
	begun, bytes := time.Now(), int64(0)
	defer func() {
		if bytes > 0 {
			p.tap.Report(zibrato.Handled{Bytes: bytes, Spent: time.Since(begun)})
		}
	}()
	for n := 0; ; n++ {
		msg, ok := p.queue.first()
		if !ok {
			return false
		}
		switch p.fateOf(msg) {
		case never:
			p.dropFirst()
			continue
		case later:
			p.queue.holdBack()
			continue
		}
		msg.restamp()
		sent, err := s.send(msg.bytes)
		if err != nil {
			p.dropFirst()
			p.refused++
			if since, due := p.refusals.Due(p.refused, logEvery, time.Now()); due {
				p.log.Error("sending failed; messages are dropped", "error", err, "dropped", since)
			}
			continue
		}
		if !sent {
			return true
		}
		p.counts.messages.Inc()
		p.counts.bytes.Add(uint64(len(msg.bytes)))
		bytes += int64(len(msg.bytes))
		p.queue.drop()
		if n%16 == 15 { // sending may have swallowed the descriptor's signal
			p.hear(s)
		}
	}
}

// hear takes in what the forwarder said: subscriptions, and whether it is there.
func (p *Publisher) hear(s *socket) {
	now, wasConnected := time.Now(), p.connected.Load()
	connected, added, changed := wasConnected, false, p.subscriptions.expire(now)
	for more := true; more; {
		more = s.listen()
		// In this order: the monitor knows of a lost connection before libzmq withdraws what came through it.
		connected = s.connected()
		p.unwelcome(s.link.Refusal, s.link.Refusals, now)
		for _, msg := range s.said {
			a, c := p.subscriptions.hear(msg, link{connected, s.link.LastLost}, now)
			added, changed = added || a, changed || c
		}
		if p.subscriptions.excess {
			p.subscriptions.excess, connected = false, false
			p.shutOut(s, time.Now()) // reading all that may have taken long
		}
	}
	if !changed && connected == wasConnected {
		return
	}
	p.connected.Store(connected)
	if changed {
		p.watch(added)
	}
	p.recall()
	p.mu.Lock()
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
}

// shutOut ends a connection through which more is said than a publisher remembers.
func (p *Publisher) shutOut(s *socket, now time.Time) {
	s.shutOut(now)
	p.said++
	if since, due := p.excesses.Due(p.said, logEvery, now); due {
		p.log.Warn("the forwarder, or what answers in its place, subscribed to more than a publisher remembers: the connection is closed for a while", "times", since)
	}
}

// unwelcome counts handshakes that fail, and logs of them.
func (p *Publisher) unwelcome(why monitor.Refusal, n uint64, now time.Time) {
	p.refusal.Store(uint32(why))
	if n == p.counts.unwelcome.Load() {
		return
	}
	p.counts.unwelcome.Store(n)
	text := why.Explain(!p.cfg.Key.IsZero())
	if text == "" {
		return
	}
	if _, due := p.handshakes.Due(n, logEvery, now); due {
		p.log.Warn(text, "key", p.cfg.Key.Public().String())
	}
}

// recall decides anew about what is held back.
func (p *Publisher) recall() {
	dropped, samples := p.queue.recall(p.fateOf)
	p.counts.dropped.Add(uint64(dropped))
	p.tap.Report(zibrato.Handled{Lost: samples})
}

// watch tells the recorder what is wanted now. Whoever is new has to hear all totals, also of a level that was recorded before; of a
// change from subscribed to held there is nothing to tell.
func (p *Publisher) watch(somebodyNew bool) {
	was, now := p.interest.Load(), p.subscriptions.interest()
	p.interest.Store(now)
	if !somebodyNew && now.asMuchAs(was) {
		return
	}
	if p.cfg.Format == Text { // which has no summaries
		p.tap.Watch(now.wanted(""), nil)
		return
	}
	p.tap.Watch(now.wanted(metric.SamplesTopic), now.wanted(metric.SummariesTopic))
}

// WaitSubscriber waits until somebody subscribes to the level, in whatever detail: what is sent before that is lost. A program that lives for
// a moment only waits so before it measures. When ctx ends first the error is ErrNoForwarder or ErrNoSubscriber, and wraps ctx.Err().
func (p *Publisher) WaitSubscriber(ctx context.Context, l metric.Level) error {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		now := p.interest.Load()
		for d := metric.Samples; d <= metric.Summaries; d++ {
			if _, listened := now.match(form(p.cfg.Format, d), l); listened {
				return nil
			}
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

// Flush sends what was recorded before it was called: when it returns nil, libzmq has taken all of it. What nobody subscribes to is not
// sent. An error says how much could not be, or was dropped meanwhile.
func (p *Publisher) Flush(ctx context.Context) error {
	before := p.counts.dropped.Load()
	if err := p.tap.Flush(ctx); err != nil {
		return fmt.Errorf("publisher: %w", err)
	}
	select {
	case <-p.queue.drained():
		if n, _ := p.queue.len(); n > 0 {
			return p.unsent(errors.New("they are held back until the forwarder and its subscribers are back"))
		}
		return p.dropped(before)
	case <-p.stopped:
		return p.unsent(errors.New("the publisher is closed"))
	case <-ctx.Done():
		return p.unsent(ctx.Err())
	}
}

// dropped is the error of messages having been dropped since there were so many.
func (p *Publisher) dropped(before uint64) error {
	if n := p.counts.dropped.Load() - before; n > 0 {
		return fmt.Errorf("publisher: %d messages dropped: the forwarder is gone, too slow, or stands still", n)
	}
	return nil
}

func (p *Publisher) unsent(err error) error {
	n, bytes := p.queue.len()
	return fmt.Errorf("publisher: %d messages (%d bytes) not sent: %w", n, bytes, err)
}

// Shutdown sends what was recorded, detaches from the recorder and closes the socket. When it returns nil, all messages have left this
// process. When ctx ends before that, or no forwarder takes them, Shutdown gives up, drops what is left and says how much. Later calls wait
// for the first and return what it did.
func (p *Publisher) Shutdown(ctx context.Context) error {
	p.stopping.Do(func() {
		before := p.counts.dropped.Load()
		// The totals of all series come now, perhaps more than there is room for, and nothing later to make up for them.
		p.queue.beWilling(stall)
		defer context.AfterFunc(ctx, func() { p.queue.beWilling(0) })()
		if err := p.tap.Close(ctx); err != nil {
			p.log.Warn("the last samples were not sent", "error", err)
		}
		select {
		case <-p.queue.drained():
		case <-ctx.Done():
		}
		lost := p.dropped(before) // before what is left in the queue counts as dropped, too
		p.stop <- ctx
		<-p.stopped
		p.result = errors.Join(lost, p.result)
	})
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
	s.begin()
	p.send(s)
	s.end()
	var err error
	if n, _ := p.queue.len(); n > 0 {
		err = p.unsent(cause(ctx))
		p.queue.recall(func(message) fate { return now })
		for range n {
			p.dropFirst()
		}
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
