//go:build cgo

package subscriber

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/internal/endpoint"
	"github.com/zibrato/zibrato/internal/monitor"
	"github.com/zibrato/zibrato/metric"
)

// drainTimeout bounds how long Receive takes in what had arrived when it is to end.
const drainTimeout = 200 * time.Millisecond

var (
	// ErrClosed is what Receive returns when the subscriber was closed, before or meanwhile.
	ErrClosed = errors.New("subscriber: closed")
	// ErrReceiving is what a second Receive returns while one runs.
	ErrReceiving = errors.New("subscriber: Receive runs already; the socket has one reader at a time")
)

// Subscriber receives batches. It is a backend.Source. Its methods may be called from any goroutine.
type Subscriber struct {
	cfg     Config
	stop    func()        // closes closing
	closing chan struct{} // closed when Close was called
	unasked []byte        // what messages that are skipped begin with
	counts  counters

	// use holds a token while somebody owns what follows: the Receive that runs, or Close.
	use        chan struct{}
	conn       *connection // nil once closed
	ipv6       bool
	servers    endpoint.ServerKeys
	complaints complaints
	batch      metric.Batch
}

// Start makes the socket, subscribes, and begins to connect; it does not wait for the connection, and a lost one is
// made again. An error names the field of Config at fault.
func Start(cfg Config) (*Subscriber, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Subscriber{
		cfg:        cfg,
		closing:    make(chan struct{}),
		unasked:    []byte(cfg.unasked()),
		use:        make(chan struct{}, 1),
		ipv6:       endpoint.NeedsIPv6(cfg.From),
		servers:    endpoint.ServerKeys{Now: cfg.ServerKey, Next: cfg.NextServerKey},
		complaints: complaints{log: cfg.Logger, from: cfg.From, key: cfg.Key.Public()},
	}
	s.stop = sync.OnceFunc(func() { close(s.closing) })
	if s.conn, err = connect(cfg, s.ipv6); err != nil {
		return nil, err
	}
	return s, nil
}

// Receive hands the batches that arrive to deliver, one at a time, in the calling goroutine, until ctx ends; then it hands
// over what had already arrived, for at most 200 ms, and returns nil. A batch is lent until deliver returns. Batches of the text
// form hold one sample each and no totals, whatever Config.Detail says.
//
// ErrReceiving says that another Receive runs, ErrClosed that the subscriber was closed; any other error that libzmq
// failed. After a nil it may be called again. deliver must not call Close.
func (s *Subscriber) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	select {
	case s.use <- struct{}{}:
		defer func() { <-s.use }()
	default:
		if s.closed() {
			return ErrClosed
		}
		return ErrReceiving
	}
	defer func() { s.complaints.rest(&s.counts, time.Now()) }()
	for !s.closed() {
		if ctx.Err() != nil {
			return s.drain(deliver)
		}
		// Where messages wait, this takes one without waiting; a burst needs no loop of its own.
		err := s.receive(0, deliver)
		if err == errAgain {
			err = s.revive()
		}
		if err != nil {
			return err
		}
	}
	return ErrClosed
}

// drain takes in what has arrived.
func (s *Subscriber) drain(deliver func(*metric.Batch)) error {
	for deadline := time.Now().Add(drainTimeout); time.Now().Before(deadline); {
		if err := s.receive(zmq.DONTWAIT, deliver); err == errAgain {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// receive takes in one message. errAgain says that there was none.
func (s *Subscriber) receive(flags zmq.Flag, deliver func(*metric.Batch)) error {
	frame, parts, size, err := s.conn.receive(flags)
	if err != nil {
		return err
	}
	s.counts.messages.Inc()
	s.counts.bytes.Add(uint64(size))
	if !s.counts.connected.Load() { // while messages flow nobody has time for the monitor
		s.counts.connected.Store(true)
	}
	if parts == 1 && bytes.HasPrefix(frame, s.unasked) {
		s.counts.skipped.Inc()
		return nil
	}
	if err := s.decode(frame, parts); err != nil {
		var malformed *metric.DecodeError
		if !errors.As(err, &malformed) {
			return fmt.Errorf("subscriber: %w", err)
		}
		count := s.counts.malformed[malformed.Reason].Inc()
		s.complaints.malformed(malformed, count, time.Now())
		return nil
	}
	s.counts.batches.Inc()
	s.counts.samples.Add(uint64(len(s.batch.Samples)))
	s.counts.summaries.Add(uint64(len(s.batch.Summaries)))
	deliver(&s.batch)
	return nil
}

func (s *Subscriber) decode(frame []byte, parts int) error {
	if parts > 1 {
		return &metric.DecodeError{Reason: metric.ReasonMultipart, Detail: fmt.Sprintf("%d frames", parts)}
	}
	if metric.IsBinary(frame) {
		return metric.DecodeBatch(frame, &s.batch)
	}
	return metric.DecodeText(frame, &s.batch)
}

// revive replaces a connection that libzmq has given up. It is called when nothing waits to
// be received, so that nothing is lost with the old one.
func (s *Subscriber) revive() error {
	now := time.Now()
	link := &s.conn.link
	err := link.Hear(s.conn.monitor, now)
	s.counts.unwelcome.Store(link.Refusals)
	s.counts.connected.Store(link.State == monitor.Connected)
	what := link.Refusal.Explain(!s.cfg.Key.IsZero())
	if what != "" {
		s.complaints.refused(what, link.Refusals, now)
	} else {
		s.complaints.connection(link.State, now)
	}
	if err != nil {
		return fmt.Errorf("subscriber: %w", err)
	}
	if s.servers.Turn(link.HungUps, now) {
		return s.connectAnew()
	}
	if !link.GivenUp(now) {
		return nil
	}
	if link.Refusal != monitor.KeyRefused {
		count := s.counts.violations.Inc()
		if what == "" {
			s.complaints.violation(count, now)
		}
	}
	return s.connectAnew()
}

func (s *Subscriber) connectAnew() error {
	s.cfg.ServerKey = s.servers.Now
	fresh, err := connect(s.cfg, s.ipv6)
	if err != nil {
		return err
	}
	fresh.link = s.conn.link.Successor()
	err = s.conn.close()
	s.conn = fresh
	return err
}

func (s *Subscriber) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// Stats returns the present figures, read one after the other.
func (s *Subscriber) Stats() Stats { return s.counts.stats() }

// Close ends a Receive that runs, waits for it, and closes the socket. It may be called more than once.
func (s *Subscriber) Close() error {
	s.stop()
	s.use <- struct{}{}
	defer func() { <-s.use }()
	if s.conn == nil {
		return nil
	}
	err := s.conn.close()
	s.conn = nil
	return err
}
