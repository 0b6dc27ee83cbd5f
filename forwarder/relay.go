//go:build cgo

package forwarder

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"
)

// requestsPerTurn bounds how many requests of subscribers are answered before messages flow again.
const requestsPerTurn = 256

// catchUpInterval is how often topics are looked after that wait for their turn.
const catchUpInterval = 20 * time.Millisecond

// relay takes subscriptions from Out to In. One goroutine owns it and its sockets.
type relay struct {
	in, out  *side
	probe    *zmq.Socket         // a SUB, connected to Out within the process; see ask
	secret   string              // a topic that nobody else knows
	probing  bool                // what comes now is the probe's
	asks     map[string]struct{} // topics that the probe is to ask about
	topics   *topics
	refusals *refusals
	gate     *gate
	asked    bool         // the gate waits for an answer
	relayed  atomic.Int64 // how many topics are; the owner writes it, Stats reads it
}

// open makes the probe.
func (r *relay) open() error {
	var err error
	if r.probe, err = zmq.NewSocket(zmq.SUB); err != nil {
		r.probe = nil
		return fmt.Errorf("making a probe socket: %w", err)
	}
	r.secret, r.asks = rand.Text(), make(map[string]struct{})
	name := fmt.Sprintf("inproc://zibrato-forwarder-probe-%d", serial.Inc())
	for _, step := range []func() error{
		func() error { return r.out.socket.SetXpubVerbose(1) }, // to hear who asks, not only first
		func() error { return r.probe.SetSndhwm(0) },           // libzmq would drop what does not fit
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
		frame, from, err := r.out.socket.RecvBytesWithMetadata(zmq.DONTWAIT, "__fd")
		if isAgain(err) {
			if r.asked {
				r.asked = false
				r.gate.answer()
			}
			break
		}
		if err != nil {
			return fmt.Errorf("reading subscriptions: %w", err)
		}
		by, err := strconv.Atoi(from["__fd"])
		if err != nil {
			by = -1 // a peer that speaks a ZMTP older than 3
		}
		if err := cmp.Or(r.answer(string(frame), by), r.tell()); err != nil {
			return fmt.Errorf("relaying subscriptions: %w", err)
		}
	}
	if err := cmp.Or(r.tell(), r.ask()); err != nil {
		return fmt.Errorf("relaying subscriptions: %w", err)
	}
	return nil
}

// tell tells publishers what there is to tell now.
func (r *relay) tell() error {
	for now := time.Now(); ; {
		topic, withdrawn, ok := r.topics.next(now)
		if !ok {
			return nil
		}
		what := subscription
		if withdrawn {
			what = withdrawal
		}
		if err := r.send(what + topic); err != nil {
			return err
		}
	}
}

func (r *relay) answer(frame string, by int) error {
	topic, held := strings.CutPrefix(frame, subscription)
	withdrawn := false
	if !held {
		topic, withdrawn = strings.CutPrefix(frame, withdrawal)
	}
	switch {
	case topic == r.secret && (held || withdrawn):
		r.probing = held
	case r.probing && withdrawn:
		return r.withdraw(topic)
	case r.probing:
	case held:
		r.subscribe(topic, by)
	case withdrawn && r.topics.has(topic):
		r.asks[topic] = struct{}{}
	case withdrawn:
		r.refusals.add(RefusedUnheld, "")
	default:
		r.refuse(RefusedRequest, "", by)
	}
	return nil
}

// refuse counts what libzmq keeps all the same, and tells the gate.
func (r *relay) refuse(why Refusal, topic string, by int) {
	r.refusals.add(why, topic)
	r.gate.strike(by)
}

func (r *relay) subscribe(topic string, by int) {
	if why, ok := checkTopic(topic); !ok {
		r.refuse(why, topic, by)
	} else if r.topics.add(topic, by) {
		r.refuse(RefusedTooMany, topic, by)
	}
}

// ask finds out which topics are held no longer. libzmq says so when the last holder withdraws or leaves, but also when a peer withdraws what
// it never held (xread_activated in https://github.com/zeromq/libzmq/blob/v4.3.5/src/xpub.cpp), so that any
// subscriber could take a topic from all others.
//
// The probe subscribes and withdraws at once. Only if nobody else holds the topic does libzmq report the withdrawal, and what the probe does
// comes in one piece, between two frames about the secret.
func (r *relay) ask() error {
	if len(r.asks) == 0 {
		return nil
	}
	err := r.probe.SetSubscribe(r.secret)
	for topic := range r.asks {
		err = cmp.Or(err, r.probe.SetSubscribe(topic), r.probe.SetUnsubscribe(topic))
	}
	clear(r.asks)
	return cmp.Or(err, r.probe.SetUnsubscribe(r.secret))
}

func (r *relay) withdraw(topic string) error {
	if r.topics.remove(topic) {
		return r.send(withdrawal + topic)
	}
	return nil
}

// send tells the publishers what has just become of a topic.
func (r *relay) send(frame string) error {
	r.relayed.Store(int64(r.topics.relayed.all))
	_, err := r.in.socket.Send(frame, zmq.DONTWAIT)
	return err
}
