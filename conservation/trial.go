//go:build cgo && linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// trial does one thing many times and measures, in place of faults at random. The books have to balance all the same.
type trial struct {
	name, about string
	do          func(h *harness, rng *rand.Rand, times int) error
}

var trials = []trial{
	{"recovery", "kills the forwarder and cuts the network, and measures how long nothing arrives afterwards, and what a kill costs", recovery},
	{"exit", "ends programs with SIGTERM at random instants, and measures how long they take", exits},
}

func trialNamed(name string) *trial {
	if i := slices.IndexFunc(trials, func(t trial) bool { return t.name == name }); i >= 0 {
		return &trials[i]
	}
	return nil
}

// figure is what was measured many times.
type figure struct {
	Times  int     `json:"times"`
	Median float64 `json:"median"`
	P99    float64 `json:"p99"`
	Most   float64 `json:"most"`
}

func figureOf(values []float64) figure {
	slices.Sort(values)
	at := func(q float64) float64 { return values[min(int(q*float64(len(values))), len(values)-1)] }
	return figure{len(values), at(0.5), at(0.99), values[len(values)-1]}
}

// measured notes a value.
func (r *report) measured(what string, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values[what] = append(r.values[what], value)
}

// count notes that something happened.
func (r *report) count(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Counts[what]++
}

// listener is a subscriber of this process, which knows when each recorder last sent something that had just been made.
type listener struct {
	sub   *subscriber.Subscriber
	ended chan struct{}

	mu    sync.Mutex
	heard map[string]time.Time // by source: when the batch was sent
}

func listen(out string) (*listener, error) {
	sub, err := subscriber.Start(subscriber.Config{From: out, Detail: metric.Samples, Levels: metric.Levels{metric.Error}})
	if err != nil {
		return nil, err
	}
	l := &listener{sub: sub, ended: make(chan struct{}), heard: map[string]time.Time{}}
	go func() {
		defer close(l.ended)
		sub.Receive(context.Background(), func(b *metric.Batch) {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, e := range b.Entries {
				l.heard[e.Series.Source] = b.Process.Start.Add(b.Uptime)
			}
		})
	}()
	return l, nil
}

func (l *listener) close() {
	l.sub.Close()
	<-l.ended
}

// arrives waits until of each living publisher something has come that was sent after then, and returns how long after that it took.
func (l *listener) arrives(h *harness, then time.Time) (time.Duration, error) {
	for time.Since(then) < 60*time.Second {
		l.mu.Lock()
		all := true
		for _, p := range h.living() {
			all = all && l.heard[p.source].After(then)
		}
		l.mu.Unlock()
		if all {
			return time.Since(then), nil
		}
		time.Sleep(time.Millisecond)
	}
	return 0, fmt.Errorf("a minute after %v something does not arrive", then)
}

// recovery kills the forwarder so many times, and leaves it dead for a second. Where the network can be cut it does that as often on each side.
func recovery(h *harness, rng *rand.Rand, times int) error {
	l, err := listen(h.out)
	if err != nil {
		return err
	}
	defer l.close()
	if _, err := l.arrives(h, time.Now()); err != nil {
		return err
	}
	for range times {
		if err := h.recoverFromKill(l, rng); err != nil {
			return err
		}
	}
	if h.net == nil {
		return nil
	}
	for range times {
		for _, before := range []bool{true, false} {
			if err := h.recoverFromCut(l, before, rng); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainLost returns how many samples the backend that takes them counted as lost.
func (h *harness) plainLost() uint64 {
	var s backendStats
	readJSON(h.file("plain.stats"), &s) // which is written anew all the time
	return s.LostSamples
}

func (h *harness) recoverFromKill(l *listener, rng *rand.Rand) error {
	time.Sleep(span(rng, 500*time.Millisecond, time.Second)) // until the statistics are of now
	before := h.plainLost()
	begun := time.Now()
	evidence, err := h.forwarder.kill()
	if err != nil {
		return err
	}
	h.removeStats("forwarder")
	time.Sleep(time.Second)
	if err := h.startForwarder(); err != nil {
		return err
	}
	if err := h.await(patience, "the forwarder is bound", func() bool { _, ok := h.forwarderStats(); return ok }); err != nil {
		return err
	}
	took, err := l.arrives(h, time.Now())
	if err != nil {
		return err
	}
	h.report.measured("from the forwarder's start to fresh samples of all, ms", ms(took))
	time.Sleep(500 * time.Millisecond)
	h.report.measured("samples lost, and counted, in a kill of the forwarder", float64(h.plainLost()-before))
	h.report.happened("kill forwarder", evidence, begun)
	return nil
}

func (h *harness) recoverFromCut(l *listener, before bool, rng *rand.Rand) error {
	where := map[bool]string{true: "before", false: "behind"}[before]
	begun := time.Now()
	evidence, err := drop(before, false, 1, 8*time.Second)(h, rng)
	if err != nil {
		return err
	}
	took, err := l.arrives(h, time.Now())
	if err != nil {
		return err
	}
	h.report.measured(fmt.Sprintf("from the end of a partition %s the forwarder to fresh samples of all, ms", where), ms(took))
	h.report.happened(fmt.Sprintf("partition %s the forwarder", where), evidence, begun)
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
