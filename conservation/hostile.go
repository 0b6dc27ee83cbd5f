//go:build cgo && linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// cutLast cuts an endpoint at its port.
func cutLast(endpoint string) (host, port string) {
	i := strings.LastIndexByte(endpoint, ':')
	return endpoint[:i], endpoint[i+1:]
}

// persist tries until it works: the forwarder may be away.
func (h *harness) persist(what string, try func() error) error {
	var err error
	if waited := h.await(30*time.Second, what, func() bool {
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

func subscriptions(h *harness, rng *rand.Rand) (string, error) {
	const topics = 5000
	most := uint64(0)
	err := h.persist("the forwarder refused topics", func() error {
		go flood(h.out, topics, time.Second, rand.New(rand.NewPCG(rng.Uint64(), 1)))
		for range 10 {
			time.Sleep(150 * time.Millisecond)
			var s struct {
				Topics  uint64
				Refused []uint64
			}
			if readJSON(h.file("forwarder.stats"), &s) == nil {
				most = max(most, s.Topics)
			}
		}
		if most < 100 {
			return errors.New("it knows few topics")
		}
		return nil
	})
	return fmt.Sprintf("%d topics, of which the forwarder relayed %d", topics, most), err
}

func damaged(h *harness, rng *rand.Rand) (string, error) {
	_, before := h.witness.counts()
	frames := damage(h.witness.latest(200), rng)
	err := h.persist("damaged frames came through", func() error {
		if err := publish(h.in, frames); err != nil {
			return err
		}
		return h.await(2*time.Second, "they are here", func() bool {
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
		return h.await(2*time.Second, "they are here", func() bool {
			now, _ := h.witness.counts()
			return now > before
		})
	})
	now, _ := h.witness.counts()
	return fmt.Sprintf("%d frames came again", now-before), err
}
