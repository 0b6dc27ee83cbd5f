//go:build cgo

package monitor

import (
	"time"

	zmq "github.com/pebbe/zmq4"
)

// ReviveAfter is how long a lost connection may go without libzmq saying that it makes another.
const ReviveAfter = 200 * time.Millisecond

// Link is what is known of the one connection of a socket that connects. The zero Link knows nothing.
//
// libzmq makes a lost connection again, with one exception: after a violation of its protocol, as a frame larger than
// MAXMSGSIZE or an answer of something that does not speak ZMTP is, the socket stays dead for ever and says nothing
// (https://github.com/zeromq/libzmq/issues/4196). The monitor shows that: no CONNECT_RETRIED follows the DISCONNECTED.
type Link struct {
	State    State
	Lost     time.Time // when the connection was seen to be lost; zero once another is made or being made
	LastLost time.Time // when one was last seen to be lost; zero: never
	Closed   bool      // the socket is gone
}

// Hear takes in what the monitor has said by now.
func (l *Link) Hear(pair *zmq.Socket, now time.Time) error {
	for {
		event, ok, err := Next(pair)
		if !ok {
			return err
		}
		l.hear(event, now)
	}
}

func (l *Link) hear(event zmq.Event, now time.Time) {
	switch event {
	case zmq.EVENT_CONNECTED, zmq.EVENT_HANDSHAKE_SUCCEEDED: // whichever the monitor was opened for
		l.State, l.Lost = Connected, time.Time{}
	case zmq.EVENT_CONNECT_RETRIED:
		l.State, l.Lost = Away, time.Time{}
	case zmq.EVENT_DISCONNECTED:
		l.State, l.Lost, l.LastLost = Away, now, now
	case zmq.EVENT_MONITOR_STOPPED:
		l.State, l.Closed = Away, true
	}
}

// GivenUp reports whether libzmq has given the connection up: it is for the socket's owner to make another.
func (l *Link) GivenUp(now time.Time) bool {
	return !l.Lost.IsZero() && now.Sub(l.Lost) >= ReviveAfter
}
