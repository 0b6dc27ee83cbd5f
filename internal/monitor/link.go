//go:build cgo

package monitor

import (
	"time"

	zmq "github.com/pebbe/zmq4"
)

// ReviveAfter is how long a lost connection may go without libzmq saying that it makes another.
const ReviveAfter = 200 * time.Millisecond

// reviveMax is how long it may go after several refusals. Each takes the other side some arithmetic.
const reviveMax = time.Second

// Link is what is known of the one connection of a socket that connects. The zero Link knows nothing.
//
// libzmq makes a lost connection again, with one exception: after a violation of its protocol, as a frame larger than
// MAXMSGSIZE or an answer of something that does not speak ZMTP is, the socket stays dead for ever and says nothing
// (https://github.com/zeromq/libzmq/issues/4196), or after its key was refused. The monitor shows that: no CONNECT_RETRIED follows the DISCONNECTED.
type Link struct {
	State    State
	Lost     time.Time // when the connection was seen to be lost; zero once another is made or being made
	LastLost time.Time // when one was last seen to be lost; zero: never
	Closed   bool      // the socket is gone
	Shakes   bool      // the monitor was opened for Handshakes, without which a connection does not count
	FD       int       // the descriptor of the connection that was made last, if the monitor was opened for that; it may stand for something else by now

	Refusal  Refusal // why the last handshake failed; NotRefused when it succeeded
	Refusals uint64  // how many have failed
	HungUps  uint64  // how many of these because the other side hung up
	row      uint64  // how many since one succeeded
}

// Successor is what is known of a connection that takes the place of this one.
func (l Link) Successor() Link {
	return Link{Shakes: l.Shakes, Refusal: l.Refusal, Refusals: l.Refusals, HungUps: l.HungUps, row: l.row}
}

// Handshakes are the events that tell how handshakes end.
const Handshakes = zmq.EVENT_HANDSHAKE_SUCCEEDED | failed

const failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL

// Hear takes in what the monitor has said by now.
func (l *Link) Hear(pair *zmq.Socket, now time.Time) error {
	for {
		event, value, ok, err := Next(pair)
		if !ok {
			return err
		}
		if event == zmq.EVENT_CONNECTED {
			l.FD = value
		}
		l.hear(event, now)
	}
}

func (l *Link) hear(event zmq.Event, now time.Time) {
	switch event {
	case zmq.EVENT_HANDSHAKE_SUCCEEDED:
		l.Refusal, l.row = NotRefused, 0
	case zmq.EVENT_HANDSHAKE_FAILED_AUTH:
		l.refused(KeyRefused)
	case zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		l.refused(Mismatch)
	case zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
		l.refused(HungUp)
	}
	switch {
	case event == zmq.EVENT_CONNECTED && l.Shakes:
	case event == zmq.EVENT_CONNECTED, event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
		l.State, l.Lost = Connected, time.Time{}
	case event == zmq.EVENT_CONNECT_RETRIED:
		l.State, l.Lost = Away, time.Time{}
	case event == zmq.EVENT_DISCONNECTED:
		l.State, l.Lost, l.LastLost = Away, now, now
	case event == zmq.EVENT_MONITOR_STOPPED:
		l.State, l.Closed = Away, true
	}
}

func (l *Link) refused(why Refusal) {
	l.Refusal = why
	l.Refusals++
	l.row++
	if why == HungUp {
		l.HungUps++
	}
}

// GivenUp reports whether libzmq has given the connection up: it is for the socket's owner to make another.
func (l *Link) GivenUp(now time.Time) bool {
	wait := ReviveAfter
	if l.row > 1 {
		wait = min(ReviveAfter<<min(l.row-1, 10), reviveMax)
	}
	return !l.Lost.IsZero() && now.Sub(l.Lost) >= wait
}
