//go:build cgo

package subscriber

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/internal/endpoint"
	"github.com/zibrato/zibrato/internal/monitor"
)

const (
	maxMessage = 8 << 20 // more than is decoded, so that what is too large can be counted without costing the connection

	// receiveTimeout is how long a receive waits before it looks whether it should go on.
	receiveTimeout = 50 * time.Millisecond
)

// connection is a SUB socket with the monitor that hears its connection come and go. One goroutine at a time owns it.
type connection struct {
	socket  *zmq.Socket
	monitor *zmq.Socket // a PAIR
	link    monitor.Link
}

// connect makes the socket, subscribes, and begins to connect.
func connect(cfg Config, ipv6 bool) (_ *connection, err error) {
	c := new(connection)
	if c.socket, err = zmq.NewSocket(zmq.SUB); err != nil {
		return nil, fmt.Errorf("subscriber: making a socket: %w", err)
	}
	events := monitor.Handshakes | zmq.EVENT_CONNECT_RETRIED | zmq.EVENT_DISCONNECTED
	if cfg.Key.IsZero() {
		events |= zmq.EVENT_CONNECTED // all that libzmq tells of peers that speak a ZMTP older than handshakes
	}
	if c.monitor, err = monitor.Open(c.socket, events); err != nil {
		c.socket.Close()
		return nil, fmt.Errorf("subscriber: %w", err)
	}
	if err := c.setUp(cfg, ipv6); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *connection) setUp(cfg Config, ipv6 bool) error {
	// IMMEDIATE is not among the options: it ties the queue, and with it what waits there, to one connection.
	if err := cmp.Or(
		c.socket.SetRcvtimeo(receiveTimeout),
		c.socket.SetRcvhwm(cfg.QueueBytes/messageBytes),
		c.socket.SetSndhwm(0), // libzmq would drop subscriptions that do not fit
		c.socket.SetMaxmsgsize(maxMessage),
		c.socket.SetLinger(0),
		endpoint.SetOptions(c.socket, ipv6),
		endpoint.SetKeys(c.socket, cfg.Key, cfg.ServerKey),
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

func (c *connection) close() error {
	monitor.Close(c.socket, c.monitor)
	if err := c.socket.Close(); err != nil {
		return fmt.Errorf("subscriber: closing the socket: %w", err)
	}
	return nil
}
