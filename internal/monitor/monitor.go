//go:build cgo

package monitor

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"
)

// serial makes the names of monitors unique in the process.
var serial atomic.Uint64

// Open returns a PAIR that tells of these events of a socket. Whoever owns the socket owns it.
func Open(of *zmq.Socket, events zmq.Event) (*zmq.Socket, error) {
	pair, err := zmq.NewSocket(zmq.PAIR)
	if err != nil {
		return nil, fmt.Errorf("making a monitor socket: %w", err)
	}
	name := fmt.Sprintf("inproc://zibrato-monitor-%d", serial.Inc())
	if err := cmp.Or(
		pair.SetRcvhwm(0), // a full monitor would block libzmq's I/O thread; without a bound it is never full
		of.Monitor(name, events),
		pair.Connect(name),
	); err != nil {
		Close(of, pair)
		return nil, fmt.Errorf("setting up a monitor socket: %w", err)
	}
	return pair, nil
}

// Close ends what Open began. The socket must still be open.
func Close(of, pair *zmq.Socket) {
	// In this order: an event for which nobody listens would block libzmq's I/O thread.
	of.Monitor("", 0)
	pair.Close()
}

// Next returns the next event that was told, with its value, which is a descriptor where a connection is made or lost, and false when there is none yet.
func Next(pair *zmq.Socket) (zmq.Event, int, bool, error) {
	event, _, value, err := pair.RecvEvent(zmq.DONTWAIT)
	switch {
	case err == nil:
		return event, value, true, nil
	case errors.Is(err, zmq.Errno(syscall.EAGAIN)), errors.Is(err, zmq.Errno(syscall.EINTR)):
		return 0, 0, false, nil
	default:
		return 0, 0, false, fmt.Errorf("reading a monitor: %w", err)
	}
}
