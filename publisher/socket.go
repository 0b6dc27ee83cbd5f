//go:build cgo

package publisher

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/endpoint"
)

const (
	messageBytes    = 64 << 10 // about the size to which batches are filled
	textQueue       = 4096     // text messages are small
	maxSubscription = 256      // a forwarder has nothing longer to say
)

// serial makes the names of monitors unique in the process.
var serial atomic.Uint64

// socket is an XPUB, with ears, and the monitor that tells whether the forwarder is there. One goroutine owns it.
type socket struct {
	xpub     *zmq.Socket
	said     [][]byte // what listen has read
	ear      *ear
	events   events
	endpoint string
	closed   bool
}

type events struct {
	pair     *zmq.Socket
	ear      *ear
	lost     time.Time // when the connection was seen to be lost; zero once another is made or being made
	lastLost time.Time // when one was last seen to be lost; zero: never
	stopped  bool      // the socket behind it is gone
}

func connect(cfg Config) (_ *socket, err error) {
	s := &socket{endpoint: cfg.Endpoint}
	if s.xpub, err = zmq.NewSocket(zmq.XPUB); err != nil {
		return nil, fmt.Errorf("publisher: making a socket: %w", err)
	}
	if s.events.pair, err = zmq.NewSocket(zmq.PAIR); err != nil {
		s.xpub.Close()
		return nil, fmt.Errorf("publisher: making a monitor socket: %w", err)
	}
	if err := s.setUp(cfg); err != nil {
		s.close(0)
		return nil, err
	}
	return s, nil
}

func (s *socket) setUp(cfg Config) (err error) {
	monitor := fmt.Sprintf("inproc://zibrato-publisher-monitor-%d", serial.Inc())
	queue := cfg.QueueBytes / messageBytes
	if cfg.Format == Text {
		queue = textQueue
	}
	if err := cmp.Or(
		s.xpub.SetImmediate(true),  // without it an XPUB does not hear when its connection is lost
		s.xpub.SetXpubNodrop(true), // with DONTWAIT: a full queue says EAGAIN instead of dropping in silence
		s.xpub.SetSndhwm(queue),
		s.xpub.SetMaxmsgsize(maxSubscription),
		s.xpub.SetLinger(0),
		endpoint.SetOptions(s.xpub, endpoint.NeedsIPv6(cfg.Endpoint)),
		s.events.pair.SetRcvhwm(0), // a full monitor would block libzmq's I/O thread
		s.xpub.Monitor(monitor, zmq.EVENT_HANDSHAKE_SUCCEEDED|zmq.EVENT_CONNECT_RETRIED|zmq.EVENT_DISCONNECTED|zmq.EVENT_MONITOR_STOPPED),
		s.events.pair.Connect(monitor),
	); err != nil {
		return fmt.Errorf("publisher: setting up a socket: %w", err)
	}
	if s.ear, err = listen(s.xpub); err != nil {
		return err
	}
	if s.events.ear, err = listen(s.events.pair); err != nil {
		return err
	}
	if err := s.xpub.Connect(cfg.Endpoint); err != nil {
		return fmt.Errorf("publisher: Config.Endpoint %q: %w; choose another endpoint", cfg.Endpoint, err)
	}
	return nil
}

func is(err error, no syscall.Errno) bool { return err != nil && errors.Is(err, zmq.Errno(no)) }

// send hands libzmq a message. It reports false when there is no room.
func (s *socket) send(msg []byte) (bool, error) {
	_, err := s.xpub.SendBytes(msg, zmq.DONTWAIT)
	if is(err, syscall.EAGAIN) || is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}

// saidPerTurn bounds what listen reads at once.
const saidPerTurn = 1024

// listen reads what the forwarder said into s.said, and reports whether there may be more.
func (s *socket) listen() (more bool) {
	clear(s.said)
	s.said = s.said[:0]
	for len(s.said) < saidPerTurn {
		msg, err := s.xpub.RecvBytes(zmq.DONTWAIT)
		if err != nil {
			return false
		}
		s.said = append(s.said, msg)
	}
	return true
}

// connected takes in what the monitor says, and reports whether the forwarder is there. A connection that libzmq has given up, as
// it does after a violation of its protocol (https://github.com/zeromq/libzmq/issues/4196), is made anew.
func (e *events) connected(s *socket, was bool) bool {
	for {
		event, _, _, err := e.pair.RecvEvent(zmq.DONTWAIT)
		if err != nil {
			break
		}
		switch event {
		case zmq.EVENT_HANDSHAKE_SUCCEEDED:
			was, e.lost = true, time.Time{}
		case zmq.EVENT_CONNECT_RETRIED:
			was, e.lost = false, time.Time{}
		case zmq.EVENT_DISCONNECTED:
			was, e.lost = false, time.Now()
			e.lastLost = e.lost
		case zmq.EVENT_MONITOR_STOPPED:
			was, e.stopped = false, true
		}
	}
	if !s.closed && !e.lost.IsZero() && time.Since(e.lost) >= endpoint.ReviveAfter {
		e.lost = time.Time{}
		s.xpub.Disconnect(s.endpoint) // fails when libzmq has forgotten it
		if err := s.xpub.Connect(s.endpoint); err != nil {
			e.lost = time.Now() // try again
		}
	}
	return was
}

// close closes the socket and waits, for so long at the most, until all that it holds has left the process. It is the monitor that
// says so: libzmq stops it when the socket is gone. Contexts are never terminated; others of this process use the same.
func (s *socket) close(linger time.Duration) error {
	if s.ear != nil {
		s.ear.close()
	}
	s.xpub.SetLinger(linger)
	s.closed = true
	begun := time.Now()
	err := s.xpub.Close()
	if s.events.ear != nil {
		deadline := time.NewTimer(linger + grace)
		defer deadline.Stop()
		for s.events.connected(s, false); !s.events.stopped && err == nil; s.events.connected(s, false) {
			select {
			case <-s.events.ear.C:
			case <-deadline.C:
				err = errors.New("libzmq did not let go of the socket in time")
			}
		}
		s.events.ear.close()
		if err == nil && linger > 0 && time.Since(begun) >= linger {
			err = errors.New("libzmq may have dropped messages that the forwarder did not take in time")
		}
	}
	s.events.pair.Close()
	if err != nil {
		return fmt.Errorf("publisher: closing the socket: %w", err)
	}
	return nil
}

// grace is what libzmq's own threads may take beyond the linger time.
const grace = 250 * time.Millisecond
