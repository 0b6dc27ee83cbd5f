//go:build cgo && linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/zibrato/zibrato/forwarder"
)

// cutLast cuts an endpoint at its port.
func cutLast(endpoint string) (host, port string) {
	i := strings.LastIndexByte(endpoint, ':')
	return endpoint[:i], endpoint[i+1:]
}

// persist tries until it works: the forwarder may be away.
func (h *harness) persist(what string, try func() error) error {
	var err error
	if waited := h.await(patience, what, func() bool {
		err = try()
		return err == nil
	}); waited != nil {
		return errors.Join(waited, err)
	}
	return nil
}

func garbage(h *harness, rng *rand.Rand) (string, error) {
	total := 0
	for _, endpoint := range []string{h.in, h.out} {
		err := h.persist("somebody took garbage", func() error {
			n, err := babble(endpoint, span(rng, 100*time.Millisecond, 700*time.Millisecond), rng)
			total += n
			if n > 0 {
				return nil
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d bytes of it were taken", total), nil
}

// subscriptions floods the forwarder with topics. It relays some of them, refuses others, or cuts who sends them: each is a trace.
func subscriptions(h *harness, rng *rand.Rand) (string, error) {
	const topics = 5000
	var relayed, refused, cut uint64
	err := h.persist("the forwarder felt the flood", func() error {
		before, _ := h.forwarderStats() // the zero one when it is away
		stop, gone := make(chan struct{}), make(chan error, 1)
		go func() { gone <- flood(h.out, topics, stop, rand.New(rand.NewPCG(rng.Uint64(), 1))) }()
		felt := h.await(patience/3, "it relays, refuses or cuts", func() bool {
			now, ok := h.forwarderStats()
			if !ok {
				return false
			}
			if now.Messages < before.Messages { // it was started anew
				before = forwarder.Stats{}
			}
			relayed = max(relayed, uint64(now.Topics))
			refused = max(refused, now.Refused[forwarder.RefusedTooMany]-before.Refused[forwarder.RefusedTooMany])
			cut = max(cut, now.Refused[forwarder.RefusedFlood]-before.Refused[forwarder.RefusedFlood])
			return relayed > 100 || refused > 0 || cut > 0
		})
		time.Sleep(span(rng, 0, time.Second))
		close(stop)
		return errors.Join(felt, <-gone)
	})
	return fmt.Sprintf("%d topics; the forwarder relayed %d at a time, refused %d, and cut %d times", topics, relayed, refused, cut), err
}

// forwarderStats returns what the forwarder last said of itself.
func (h *harness) forwarderStats() (s forwarder.Stats, ok bool) {
	ok = readJSON(h.file("forwarder.stats"), &s) == nil
	return s, ok
}

func damaged(h *harness, rng *rand.Rand) (string, error) {
	_, before := h.witness.counts()
	frames := damage(h.witness.latest(200), rng)
	err := h.persist("damaged frames came through", func() error {
		if err := publish(h.in, frames); err != nil {
			return err
		}
		return h.await(patience/9, "they are here", func() bool {
			_, now := h.witness.counts()
			return now > before
		})
	})
	return fmt.Sprintf("%d frames", len(frames)), err
}

func replayed(h *harness, _ *rand.Rand) (string, error) {
	before, _ := h.witness.counts()
	frames := h.witness.latest(200)
	err := h.persist("frames came again", func() error {
		if err := publish(h.in, frames); err != nil {
			return err
		}
		return h.await(patience/9, "they are here", func() bool {
			now, _ := h.witness.counts()
			return now > before
		})
	})
	now, _ := h.witness.counts()
	return fmt.Sprintf("%d frames came again", now-before), err
}
