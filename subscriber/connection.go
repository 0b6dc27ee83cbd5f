//go:build cgo

package subscriber

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
	maxMessage = 8 << 20 // more than is decoded, so that what is too large can be counted without costing the connection

	// receiveTimeout is how long a receive waits before it looks whether it should go on.
	receiveTimeout = 50 * time.Millisecond
)

// serial makes the names of monitors unique in the process.
var serial atomic.Uint64

// connection is a SUB socket with the monitor that hears its connection come and go. One goroutine at a time owns it.
//
// libzmq makes a lost connection again, with one exception: after a violation of its protocol, as a frame larger than
// MAXMSGSIZE or an answer of something that does not speak ZMTP is, the socket stays dead for ever and says nothing
// (https://github.com/zeromq/libzmq/issues/4196). The monitor shows that: no CONNECT_RETRIED follows the DISCONNECTED.
type connection struct {
	socket *zmq.Socket
	events *zmq.Socket // a PAIR
	state  state
	lost   time.Time // when the connection was seen to be lost; zero once another is made or to be made
}

// connect makes the socket, subscribes, and begins to connect.
func connect(cfg Config, ipv6 bool) (_ *connection, err error) {
	c := new(connection)
	if c.socket, err = zmq.NewSocket(zmq.SUB); err != nil {
		return nil, fmt.Errorf("subscriber: making a socket: %w", err)
	}
	if c.events, err = zmq.NewSocket(zmq.PAIR); err != nil {
		c.socket.Close()
		return nil, fmt.Errorf("subscriber: making a monitor socket: %w", err)
	}
	if err := c.setUp(cfg, ipv6); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *connection) setUp(cfg Config, ipv6 bool) error {
	monitor := fmt.Sprintf("inproc://zibrato-subscriber-monitor-%d", serial.Inc())
	// IMMEDIATE is not among the options: it ties the queue, and with it what waits there, to one connection.
	if err := cmp.Or(
		c.socket.SetRcvtimeo(receiveTimeout),
		c.socket.SetRcvhwm(cfg.QueueBytes/messageBytes),
		c.socket.SetSndhwm(0), // libzmq would drop subscriptions that do not fit
		c.socket.SetMaxmsgsize(maxMessage),
		c.socket.SetLinger(0),
		endpoint.SetOptions(c.socket, ipv6),
		c.events.SetRcvhwm(0), // a full monitor would block libzmq's I/O thread; without a bound it is never full
		c.socket.Monitor(monitor, zmq.EVENT_CONNECTED|zmq.EVENT_CONNECT_RETRIED|zmq.EVENT_DISCONNECTED),
		c.events.Connect(monitor),
	); err != nil {
		return fmt.Errorf("subscriber: setting up a socket: %w", err)
	}
	for _, topic := range cfg.topics() {
		if err := c.socket.SetSubscribe(topic); err != nil {
			return fmt.Errorf("subscriber: subscribing to %q: %w", topic, err)
		}
	}
	if err := c.socket.Connect(cfg.From); err != nil {
		return fmt.Errorf("subscriber: Config.From %q: %w; choose another endpoint", cfg.From, err)
	}
	return nil
}

// receive reads a message: its first frame, how many frames it has, and how many bytes. errAgain says that there is none.
func (c *connection) receive(flags zmq.Flag) (frame []byte, parts, size int, err error) {
	frame, err = c.socket.RecvBytes(flags)
	// A signal ends a wait early. zmq4 then waits anew, unless the program told it not to (zmq4.SetRetryAfterEINTR).
	if is(err, syscall.EAGAIN) || is(err, syscall.EINTR) {
		return nil, 0, 0, errAgain
	}
	if err != nil {
		return nil, 0, 0, fmt.Errorf("subscriber: receiving: %w", err)
	}
	size = len(frame)
	for parts = 1; ; parts++ {
		more, err := c.socket.GetRcvmore()
		if err != nil {
			return nil, 0, 0, fmt.Errorf("subscriber: receiving: %w", err)
		}
		if !more {
			return frame, parts, size, nil
		}
		rest, err := c.socket.RecvBytes(0)
		if err != nil {
			return nil, 0, 0, fmt.Errorf("subscriber: receiving a frame after the first: %w", err)
		}
		size += len(rest)
	}
}

var errAgain = errors.New("no message")

func is(err error, no syscall.Errno) bool { return err != nil && errors.Is(err, zmq.Errno(no)) }

// dead takes in what the monitor says, and reports whether libzmq has given the connection up.
func (c *connection) dead(now time.Time) (bool, error) {
	for {
		event, _, _, err := c.events.RecvEvent(zmq.DONTWAIT)
		if is(err, syscall.EAGAIN) || is(err, syscall.EINTR) {
			break
		}
		if err != nil {
			return false, fmt.Errorf("subscriber: reading a monitor: %w", err)
		}
		c.lost, c.state = time.Time{}, away
		switch event {
		case zmq.EVENT_DISCONNECTED:
			c.lost = now
		case zmq.EVENT_CONNECTED:
			c.state = connected
		}
	}
	return !c.lost.IsZero() && now.Sub(c.lost) >= endpoint.ReviveAfter, nil
}

func (c *connection) close() error {
	// In this order: an event for which nobody listens would block libzmq's I/O thread.
	c.socket.Monitor("", 0)
	c.events.Close()
	if err := c.socket.Close(); err != nil {
		return fmt.Errorf("subscriber: closing the socket: %w", err)
	}
	return nil
}
