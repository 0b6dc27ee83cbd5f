//go:build cgo

package forwarder

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"
)

// requestsPerTurn bounds how many requests of subscribers are answered before messages flow again.
const requestsPerTurn = 256

// The first byte of what an XPUB receives and an XSUB sends.
const (
	withdrawal   = "\x00"
	subscription = "\x01"
)

// relay takes subscriptions from Out to In. One goroutine owns it and its sockets.
type relay struct {
	in, out  *side
	probe    *zmq.Socket // a SUB, connected to Out within the process; see withdraw
	nobodys  string      // the frame before this one, if it came from no peer
	topics   *topics
	refusals *refusals
	gate     *gate
	from     int          // the descriptor of the connection that the frame came on; -1: unknown
	relayed  atomic.Int64 // len of topics; the owner writes it, Stats reads it
}

// open makes the probe.
func (r *relay) open() error {
	var err error
	if r.probe, err = zmq.NewSocket(zmq.SUB); err != nil {
		r.probe = nil
		return fmt.Errorf("making a probe socket: %w", err)
	}
	name := fmt.Sprintf("inproc://zibrato-forwarder-probe-%d", serial.Inc())
	for _, step := range []func() error{
		func() error { return r.probe.SetSndhwm(0) }, // libzmq would drop what does not fit
		func() error { return r.out.socket.Bind(name) },
		func() error { return r.probe.Connect(name) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("setting up a probe socket: %w", err)
		}
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
		// Socket-Type comes with what a peer sends, but not with what libzmq says by itself, nor from within the process.
		frame, from, err := r.out.socket.RecvBytesWithMetadata(zmq.DONTWAIT, "Socket-Type", "__fd")
		if isAgain(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading subscriptions: %w", err)
		}
		if r.from, err = strconv.Atoi(from["__fd"]); err != nil {
			r.from = -1
		}
		if err := r.answer(string(frame), from["Socket-Type"] != ""); err != nil {
			return fmt.Errorf("relaying subscriptions: %w", err)
		}
	}
	return nil
}

func (r *relay) answer(frame string, fromPeer bool) error {
	before := r.nobodys
	r.nobodys = ""
	if !fromPeer {
		r.nobodys = frame
	}
	if topic, ok := strings.CutPrefix(frame, subscription); ok {
		return r.subscribe(topic)
	}
	if topic, ok := strings.CutPrefix(frame, withdrawal); ok {
		return r.withdraw(topic, !fromPeer && before == subscription+topic)
	}
	r.refuse(RefusedRequest, "")
	return nil
}

// refuse counts what libzmq keeps all the same, and tells the gate.
func (r *relay) refuse(why Refusal, topic string) {
	r.refusals.add(why, topic)
	r.gate.strike(r.from)
}

func (r *relay) subscribe(topic string) error {
	if why, ok := checkTopic(topic); !ok {
		r.refuse(why, topic)
		return nil
	}
	news, full := r.topics.add(topic)
	if full {
		r.refuse(RefusedTooMany, topic)
	}
	if !news {
		return nil
	}
	return r.send(subscription + topic)
}

// withdraw hears that a topic is held no longer, which need not be true: libzmq says so when the last holder withdraws or
// leaves, but also when a peer withdraws what it never held (xread_activated in
// https://github.com/zeromq/libzmq/blob/v4.3.5/src/xpub.cpp), so that any subscriber could take a topic from all others.
//
// The probe finds out. It subscribes and withdraws at once. If others hold the topic, libzmq keeps both to itself.
// If not, it reports them, one right after the other and from no peer, and then the withdrawal is proven.
func (r *relay) withdraw(topic string, proven bool) error {
	if r.topics.has(topic) && !proven {
		return cmp.Or(r.probe.SetSubscribe(topic), r.probe.SetUnsubscribe(topic))
	}
	if !r.topics.remove(topic) {
		r.refusals.add(RefusedUnheld, "")
		return nil
	}
	if err := r.send(withdrawal + topic); err != nil {
		return err
	}
	if next, ok := r.topics.next(); ok {
		return r.send(subscription + next)
	}
	return nil
}

// send tells the publishers what has just become of a topic.
func (r *relay) send(frame string) error {
	r.relayed.Store(int64(r.topics.len()))
	_, err := r.in.socket.Send(frame, zmq.DONTWAIT)
	return err
}
