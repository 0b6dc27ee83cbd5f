//go:build cgo && linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// life is one life of a publisher.
type life struct {
	source string
	files  publishing
	truth  *truth
	proc   *process

	killed  time.Time // zero: it lives, or ended in good order
	begun   time.Time
	excused bool                 // something else was wrong when it was killed
	born    map[series]time.Time // when a series was first handed on
	owed    []batchID            // what it had handed on long enough before it was killed
}

// harness is one run.
type harness struct {
	opts    options
	dir     string
	in, out string
	store   *store
	net     *network // nil: not allowed here
	disk    *disk    // likewise
	witness *witness
	texter  *texter
	skipped map[string]string // kinds of faults, and why
	report  *report

	// storing is held while the store fails, and while the disk is full: windows of that time are in memory only, as without a directory,
	// until the store has taken them, and a kill before that costs them.
	storing sync.Mutex

	mu        sync.Mutex
	current   []*life // by publisher
	lives     []*life // all
	forwarder *process
	kept      *process // the backend with a directory, which takes summaries
	plain     *process // the one in memory, which takes samples and is never killed
	late      *process // the one that comes late, and counts from then on
	lateAt    time.Time
	peaks     map[string]int64 // memory by role
}

// open starts everything.
func (h *harness) open() (err error) {
	h.skipped, h.peaks = map[string]string{}, map[string]int64{}
	if h.opts.inside {
		if h.net, err = openNetwork(); err != nil {
			h.skip(err, needNetwork)
		}
		if h.disk, err = openDisk(filepath.Join(h.dir, "disk")); err != nil {
			h.skip(err, needDisk)
		}
	} else {
		h.skip(errors.New("no namespaces"), needNetwork)
		h.skip(errors.New("no namespaces"), needDisk)
	}
	if h.in, err = freeEndpoint(); err != nil {
		return err
	}
	if h.out, err = freeEndpoint(); err != nil {
		return err
	}
	if h.store, err = openStore(); err != nil {
		return err
	}
	if err := errors.Join(h.startForwarder(), h.startKept(), h.startBackend("plain", metric.Samples, &h.plain)); err != nil {
		return err
	}
	if h.witness, err = watch(h.out); err != nil {
		return err
	}
	if h.texter, err = text(h.in); err != nil {
		return err
	}
	// The backends' coverage has to begin before the publishers' lives, or these have a past that is not counted.
	if err := h.await(patience, "both backends are connected", func() bool {
		s, ok := h.forwarderStats()
		return ok && s.Subscribers >= 3 && h.keptStats() != nil
	}); err != nil {
		return err
	}
	h.current = make([]*life, h.opts.publishers)
	for n := range h.current {
		if err := h.startPublisher(n); err != nil {
			return err
		}
	}
	return h.await(patience, "the publishers record", func() bool {
		for _, l := range h.living() {
			if l.truth.started.Load() == 0 || l.truth.series[0].done.Load() == 0 {
				return false
			}
		}
		return true
	})
}

func (h *harness) skip(why error, kinds []string) {
	for _, k := range kinds {
		h.skipped[k] = why.Error()
	}
}

func (h *harness) file(name string) string { return filepath.Join(h.dir, name) }

func freeEndpoint() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return "tcp://" + l.Addr().String(), nil
}

func (h *harness) startForwarder() (err error) {
	h.forwarder, err = start("forwarder", "forwarder", &forwarding{In: h.in, Out: h.out, Stats: h.file("forwarder.stats")})
	return err
}

func (h *harness) startKept() (err error) {
	os.Remove(h.file("kept.stats")) // of the one before
	h.kept, err = start("kept", "backend", &receiving{
		From: h.out, Detail: metric.Summaries, Dir: h.file("disk"), Sink: h.store.url + "kept", Journal: h.file("kept.journal"), Stats: h.file("kept.stats"), CloseTimeout: h.closeTimeout(),
	})
	return err
}

func (h *harness) startBackend(name string, d metric.Detail, p **process) (err error) {
	*p, err = start(name, "backend", &receiving{
		From: h.out, Detail: d, Sink: h.store.url + name, Journal: h.file(name + ".journal"), Stats: h.file(name + ".stats"), CloseTimeout: h.closeTimeout(),
	})
	return err
}

// startPublisher begins the next life of a publisher.
func (h *harness) startPublisher(n int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	source := sourceName(n, len(h.lives))
	l := &life{source: source, begun: time.Now(), files: publishing{
		Source: source, Endpoint: h.in, Truth: h.file(source + ".truth"), Journal: h.file(source + ".journal"),
		Stats: h.file(source + ".stats"), Rate: h.opts.rate, RingBytes: h.ringBytes(), CloseTimeout: h.closeTimeout(),
	}}
	var err error
	if l.truth, err = openTruth(l.files.Truth); err != nil {
		return err
	}
	if l.proc, err = start(source, "publisher", &l.files); err != nil {
		return err
	}
	h.current[n] = l
	h.lives = append(h.lives, l)
	return nil
}

// ringBytes is small, so that bursts overflow it; where no bursts come, it is what programs have.
func (h *harness) ringBytes() int {
	if h.opts.trial != "" {
		return 0
	}
	return 256 << 10
}

// closeTimeout is long where not the end is what is tried, but the books: this machine may be slow.
func (h *harness) closeTimeout() time.Duration {
	if h.opts.trial != "" {
		return closeTimeout
	}
	return 5 * closeTimeout
}

// killPublisher ends a life. What was recorded until then counts as far as it was sent.
func (h *harness) killPublisher(n int, excused bool) (string, error) {
	l := h.living()[n]
	at := time.Now()
	evidence, err := l.proc.kill()
	h.mu.Lock()
	l.killed, l.excused = at, excused
	h.mu.Unlock()
	h.noteMemory("publisher", l.proc)
	return l.source + ": " + evidence, err
}

// living returns the publishers' present lives.
func (h *harness) living() []*life {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*life(nil), h.current...)
}

func (h *harness) noteMemory(role string, p *process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peaks[role] = max(h.peaks[role], p.peak)
}

// backendStats is what the harness looks at of backend.Stats.
type backendStats struct {
	Batches, Duplicates, LostBatches, LostSamples, Windows uint64
	Store                                                  struct {
		Durable                                              bool
		Failures, Replayed, Torn, Damaged, Evicted, Unlogged uint64
	}
	Sinks []struct {
		Queued, Stored int
		Failing        bool
		Dropped        uint64
	}
}

func (h *harness) keptStats() *backendStats {
	var s backendStats
	if readJSON(h.file("kept.stats"), &s) != nil {
		return nil
	}
	return &s
}

// await waits for a condition.
func (h *harness) await(limit time.Duration, what string, cond func() bool) error {
	for begun := time.Now(); time.Since(begun) < limit; time.Sleep(20 * time.Millisecond) {
		if cond() {
			return nil
		}
	}
	return fmt.Errorf("waited %v until %s", limit, what)
}

// calm lets everything recover, and then kills one publisher while nothing else is wrong.
func (h *harness) calm(rng *rand.Rand) error {
	h.store.become(fine)
	time.Sleep(4 * time.Second) // heartbeats, and what reconnects
	n := rng.IntN(len(h.current))
	if _, err := h.killPublisher(n, false); err != nil {
		return err
	}
	return h.startPublisher(n)
}

// settle ends recording, and waits until the store knows all of it.
func (h *harness) settle() error {
	time.Sleep(2 * time.Second)
	for _, l := range h.living() {
		l.truth.quiet.Store(1)
	}
	if err := h.await(patience, "the publishers are silent", func() bool {
		for _, l := range h.living() {
			if l.truth.silent.Load() == 0 {
				return false
			}
		}
		return true
	}); err != nil {
		return err
	}
	// Totals repeat after 1, 2, 4 … s, and windows that failed come again within a minute at most.
	begun, errs := time.Now(), []string(nil)
	for time.Since(begun) < h.opts.settle {
		if errs = h.unsettled(); len(errs) == 0 {
			h.report.Settled = time.Since(begun).Seconds()
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	h.report.wrong("before the end, %v after the last call: %d series are not what was recorded", h.opts.settle, len(errs))
	h.report.Wrong = append(h.report.Wrong, errs[:min(len(errs), 10)]...)
	return nil
}

// end ends everything in good order, in the direction in which batches flow.
func (h *harness) end() {
	for _, l := range h.living() {
		if err := l.proc.end(20 * time.Second); err != nil {
			h.report.wrong("%v", err)
		}
		h.noteMemory("publisher", l.proc)
	}
	h.texter.close()
	time.Sleep(500 * time.Millisecond) // the last batches are on their way
	for name, p := range map[string]*process{"kept": h.kept, "plain": h.plain, "late": h.late, "forwarder": h.forwarder} {
		if p == nil || name == "forwarder" {
			continue
		}
		if err := p.end(20 * time.Second); err != nil {
			h.report.wrong("%v", err)
		}
		h.noteMemory("backend", p)
	}
	if err := h.forwarder.end(20 * time.Second); err != nil {
		h.report.wrong("%v", err)
	}
	h.noteMemory("forwarder", h.forwarder)
	h.witness.close()
}
