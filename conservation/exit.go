//go:build cgo && linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

const (
	// closeTimeout is what programs are given to end in, late is what they may take beyond it.
	closeTimeout = 2 * time.Second
	late         = 500 * time.Millisecond
)

// exits ends programs at random instants, so many times in all, one after the other.
func exits(h *harness, rng *rand.Rand, times int) error {
	l, err := listen(h.out)
	if err != nil {
		return err
	}
	defer l.close()
	ways := []struct {
		name string
		do   func(*harness, *rand.Rand) (time.Duration, string, error)
	}{
		{"publisher", exitRecording},
		{"publisher just started", exitEarly},
		{"publisher of a frozen forwarder", exitFrozen},
		{"publisher without a forwarder", exitAlone},
		{"forwarder", exitForwarder},
		{"backend", exitBackend},
		{"backend whose store hangs", exitHanging},
	}
	for n := range times {
		w := ways[n%len(ways)]
		begun := time.Now()
		took, evidence, err := w.do(h, rng)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if took > closeTimeout+late {
			h.report.wrong("a %s took %v to end", w.name, took)
		}
		h.report.measured("a "+w.name+" ends, ms", ms(took))
		h.report.happened("SIGTERM: "+w.name, fmt.Sprintf("ended after %v: %s", took.Round(time.Millisecond), evidence), begun)
		if _, err := l.arrives(h, time.Now()); err != nil {
			return err
		}
		if err := h.reconnected(); err != nil {
			return err
		}
		time.Sleep(span(rng, 0, 200*time.Millisecond))
	}
	return nil
}

// reconnected waits until each living publisher knows of all that subscribe, and both backends receive.
func (h *harness) reconnected() error {
	time.Sleep(250 * time.Millisecond) // until the statistics are of now
	kept, plain := h.received("kept"), h.received("plain")
	return h.await(patience, "everybody hears of everybody", func() bool {
		for _, l := range h.living() {
			if l.truth.heard.Load() == 0 {
				return false
			}
		}
		return h.received("kept") > kept && h.received("plain") > plain
	})
}

// received returns how many batches a backend has received, as it last said.
func (h *harness) received(backend string) uint64 {
	var s backendStats
	readJSON(h.file(backend+".stats"), &s)
	return s.Batches
}

// terminate sends SIGTERM and waits for the end. Whoever has not begun to listen for it dies of it.
func (p *process) terminate() (took time.Duration, err error) {
	p.peak = p.highWater()
	begun := time.Now()
	if err := p.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-p.done:
		return time.Since(begun), nil
	case <-time.After(30 * time.Second):
		return 0, fmt.Errorf("%s hangs: %s", p.name, p.said())
	}
}

// exitPublisher ends the n-th at this instant and starts its next life. What it recorded has to be known to the last call, unless somebody had not
// subscribed yet, or it says itself that it could not send all.
func (h *harness) exitPublisher(n int) (time.Duration, string, error) {
	l := h.living()[n]
	heard := l.truth.heard.Load() != 0
	took, err := l.proc.terminate()
	if err != nil {
		return 0, "", err
	}
	h.noteMemory("publisher", l.proc)
	state := l.proc.cmd.ProcessState
	evidence := l.source + ": " + state.String()
	early := l.truth.started.Load() == 0 && state.ExitCode() < 0 // it did not listen for signals yet
	if l.proc.err != nil && state.ExitCode() != exitUnsent && !early {
		return 0, "", fmt.Errorf("%s: %s", evidence, l.proc.said())
	}
	if !heard || l.proc.err != nil {
		h.mu.Lock()
		l.killed, l.excused = time.Now(), true
		h.mu.Unlock()
		h.report.count("ended before all had subscribed, or said that they could not send all")
	} else {
		h.report.count("ended in good order, and are known to the last call")
	}
	return took, evidence, h.startPublisher(n)
}

func exitRecording(h *harness, rng *rand.Rand) (time.Duration, string, error) {
	return h.exitPublisher(rng.IntN(len(h.current)))
}

// exitEarly starts a life and ends it at once.
func exitEarly(h *harness, rng *rand.Rand) (time.Duration, string, error) {
	n := rng.IntN(len(h.current))
	if _, err := h.killPublisher(n, true); err != nil {
		return 0, "", err
	}
	if err := h.startPublisher(n); err != nil {
		return 0, "", err
	}
	time.Sleep(span(rng, 0, 150*time.Millisecond))
	return h.exitPublisher(n)
}

func exitFrozen(h *harness, rng *rand.Rand) (took time.Duration, evidence string, err error) {
	if err := h.forwarder.signal(syscall.SIGSTOP); err != nil {
		return 0, "", err
	}
	time.Sleep(span(rng, 0, 300*time.Millisecond))
	took, evidence, err = exitRecording(h, rng)
	if again := h.forwarder.signal(syscall.SIGCONT); err == nil {
		err = again
	}
	return took, evidence, err
}

func exitAlone(h *harness, rng *rand.Rand) (took time.Duration, evidence string, err error) {
	if _, err := h.forwarder.kill(); err != nil {
		return 0, "", err
	}
	h.removeStats("forwarder")
	time.Sleep(span(rng, 20*time.Millisecond, 300*time.Millisecond)) // until it has noticed
	took, evidence, err = exitRecording(h, rng)
	if again := h.startForwarder(); err == nil {
		err = again
	}
	return took, evidence, err
}

func exitForwarder(h *harness, _ *rand.Rand) (time.Duration, string, error) {
	took, err := h.endWell(h.forwarder)
	if err != nil {
		return 0, "", err
	}
	h.noteMemory("forwarder", h.forwarder)
	h.removeStats("forwarder")
	return took, "in good order", h.startForwarder()
}

func exitBackend(h *harness, _ *rand.Rand) (time.Duration, string, error) {
	took, err := h.endWell(h.kept)
	if err != nil {
		return 0, "", err
	}
	h.noteMemory("backend", h.kept)
	return took, "in good order", h.startKept()
}

// exitHanging ends the backend while the store answers nothing. The windows wait on disk.
func exitHanging(h *harness, rng *rand.Rand) (time.Duration, string, error) {
	h.store.become(hung)
	defer h.store.become(fine)
	time.Sleep(span(rng, 0, 1500*time.Millisecond))
	took, err := h.endWell(h.kept)
	if err != nil {
		return 0, "", err
	}
	h.noteMemory("backend", h.kept)
	return took, "in good order", h.startKept()
}

// endWell ends a process that has to say that all went well.
func (h *harness) endWell(p *process) (time.Duration, error) {
	took, err := p.terminate()
	if err == nil && p.err != nil {
		err = fmt.Errorf("%s: %w: %s", p.name, p.err, p.said())
	}
	return took, err
}

func (h *harness) removeStats(name string) { os.Remove(h.file(name + ".stats")) }
