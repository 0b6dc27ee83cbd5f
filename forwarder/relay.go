//go:build cgo

package forwarder

import (
	"fmt"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"
)

// requestsPerTurn bounds how many requests of subscribers are answered before messages flow again.
const requestsPerTurn = 256

// The first byte of what an XPUB receives and an XSUB sends.
const (
	withdrawal   = 0
	subscription = 1
)

// relay takes subscriptions from Out to In. One goroutine owns it and its sockets.
type relay struct {
	in, out  *side
	probe    *zmq.Socket // a SUB, connected to Out within the process
	topics   *topics
	refusals *refusals
	relayed  atomic.Int64 // len of topics; the owner writes it, Stats reads it
}

// open makes the probe.
func (r *relay) open() error {
	var err error
	if r.probe, err = zmq.NewSocket(zmq.SUB); err != nil {
		r.probe = nil
		return fmt.Errorf("new probe socket: %w", err)
	}
	name := fmt.Sprintf("inproc://zibrato-forwarder-probe-%d", serial.Inc())
	if err := r.out.socket.Bind(name); err != nil {
		return fmt.Errorf("binding the probe: %w", err)
	}
	if err := r.probe.Connect(name); err != nil {
		return fmt.Errorf("connecting the probe: %w", err)
	}
	return nil
}

func (r *relay) close() {
	if r.probe != nil {
		r.probe.Close()
	}
	r.relayed.Store(0)
}

// turn answers the requests that wait, as many as one turn of the loop should.
func (r *relay) turn() error {
	for range requestsPerTurn {
		// Socket-Type comes with what a peer sends, but not with what libzmq itself says when one leaves.
		frame, from, err := r.out.socket.RecvBytesWithMetadata(zmq.DONTWAIT, "Socket-Type")
		if isAgain(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading subscriptions: %w", err)
		}
		if err := r.answer(frame, from["Socket-Type"] != ""); err != nil {
			return fmt.Errorf("relaying subscriptions: %w", err)
		}
	}
	return nil
}

func (r *relay) answer(frame []byte, fromPeer bool) error {
	switch {
	case len(frame) > 0 && frame[0] == subscription:
		return r.subscribe(string(frame[1:]))
	case len(frame) > 0 && frame[0] == withdrawal:
		return r.withdraw(string(frame[1:]), fromPeer)
	}
	r.refusals.add(RefusedRequest, "")
	return nil
}

func (r *relay) subscribe(topic string) error {
	if why, ok := checkTopic(topic); !ok {
		r.refusals.add(why, topic)
		return nil
	}
	news, full := r.topics.add(topic)
	if full {
		r.refusals.add(RefusedTooMany, topic)
	}
	if !news {
		return nil
	}
	return r.send(subscription, topic)
}

// withdraw hears that a topic is held no longer. When libzmq says so because a peer left, it is true. But a peer's own
// withdrawal it passes on not only when that peer was the last, but also when it never held the topic (xread_activated in
// https://github.com/zeromq/libzmq/blob/v4.3.5/src/xpub.cpp), so that any subscriber could take a topic from all others.
// The probe finds out: it subscribes and withdraws at once, which libzmq reports, as from no peer, only if nobody else
// holds the topic. So the truth comes back here.
func (r *relay) withdraw(topic string, fromPeer bool) error {
	if fromPeer && r.topics.has(topic) {
		if err := r.probe.SetSubscribe(topic); err != nil {
			return err
		}
		return r.probe.SetUnsubscribe(topic)
	}
	if !r.topics.remove(topic) {
		r.refusals.add(RefusedUnheld, "")
		return nil
	}
	if err := r.send(withdrawal, topic); err != nil {
		return err
	}
	if next, ok := r.topics.next(); ok {
		return r.send(subscription, next)
	}
	return nil
}

// send tells the publishers what has just become of a topic.
func (r *relay) send(what byte, topic string) error {
	r.relayed.Store(int64(r.topics.len()))
	_, err := r.in.socket.SendBytes(append([]byte{what}, topic...), zmq.DONTWAIT)
	return err
}
