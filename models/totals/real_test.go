package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

var realSeeds = flag.Uint64("real", 3, "runs of each kind with the real backend")

// real is package backend with a store in a directory, or in memory, on synctest's clock.
type real struct {
	t       *testing.T
	dir     string
	backend *backend.Backend
	source  *source
	sink    *sink
	all     map[string]map[int64]sums // by series and start of the window, overwritten by what comes again; outlives backends
}

var errKilled = errors.New("killed")

func (r *real) start() {
	r.bury()
	r.source = &source{batches: make(chan *metric.Batch), taken: make(chan struct{})}
	r.sink = &sink{all: r.all, dir: r.dir, copied: r.t.TempDir()}
	b, err := backend.Start(backend.Config{From: r.source, Sinks: []backend.Sink{r.sink}, Interval: window, Dir: r.dir})
	if err != nil {
		r.t.Fatal(err)
	}
	r.backend = b
}

// bury ends the backend that was killed, from whose last instant on nothing counts. The next one finds what was on disk then.
func (r *real) bury() {
	if r.backend == nil {
		return
	}
	r.backend.Close()
	r.backend = nil
	if r.dir != "" {
		r.dir = r.sink.copied
	}
}

func (r *real) stop() {
	if !r.running() {
		r.bury()
		return
	}
	err := r.backend.Close()
	if !r.running() { // killed meanwhile
		r.bury()
		return
	}
	r.backend = nil
	if err != nil {
		r.t.Error(err)
	}
}

// kill does not come before a window is stored: that is for tests with a hand in the store.
func (r *real) kill(at instant) { r.sink.kill(at) }

func (r *real) running() bool { return r.backend != nil && !r.sink.killed() }

func (r *real) deliver(b *metric.Batch) {
	r.source.batches <- b
	<-r.source.taken
}

func (r *real) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *real) counted() map[string]sums {
	total := make(map[string]sums)
	for name, of := range r.all {
		var sum sums
		for _, one := range of {
			sum.add(one)
		}
		total[name] = sum
	}
	return total
}

type source struct {
	batches chan *metric.Batch
	taken   chan struct{}
}

func (s *source) Receive(ctx context.Context, deliver func(*metric.Batch)) error {
	for {
		select {
		case b := <-s.batches:
			deliver(b)
			s.taken <- struct{}{}
		case <-ctx.Done():
			return nil
		}
	}
}

func (*source) Close() error { return nil }

// sink is what the backend writes to, and where it is killed.
type sink struct {
	dir, copied string

	mu   sync.Mutex
	all  map[string]map[int64]sums
	at   instant
	dead bool
	err  error
}

func (s *sink) kill(at instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
	if at == asked || at == unstored {
		s.die()
	}
}

// die keeps what is on disk. The caller holds the mutex.
func (s *sink) die() {
	if s.dead = true; s.dir != "" {
		s.err = copyFiles(s.dir, s.copied)
	}
}

func (s *sink) killed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

func (s *sink) Write(_ context.Context, w *metric.Window) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == unsent && !s.dead {
		s.die()
	}
	if s.dead {
		return errKilled
	}
	for i := range w.Series {
		a := &w.Series[i]
		if s.all[a.Name] == nil {
			s.all[a.Name] = make(map[int64]sums)
		}
		s.all[a.Name][w.Start.UnixNano()] = sums{a.Count, a.IntSum, a.Detail.Count}
	}
	if s.at == unsure {
		s.die()
		return errKilled
	}
	return nil
}

func (*sink) Close(context.Context) error { return nil }

func copyFiles(from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(from, f.Name()))
		if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, f.Name()), content, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// playReal returns what is wrong after a run with the real backend.
func playReal(t *testing.T, seed uint64, stored bool, f faults, without rule) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		r := &real{t: t, all: make(map[string]map[int64]sums)}
		if stored {
			r.dir = t.TempDir()
		}
		time.Sleep(window / 20) // so that no window ends with one of the world's seconds
		wrong = newWorld(seed, f, without, r).play()
		if r.sink.err != nil {
			t.Error(r.sink.err)
		}
	})
	return wrong
}

func TestTheRealBackendIsExact(t *testing.T) {
	for seed := range *realSeeds {
		for _, wrong := range playReal(t, seed, false, faults{silence: seed%2 == 1}, none) {
			t.Errorf("seed %d: %s", seed, wrong)
		}
	}
}

func TestTheRealBackendIsExactWhenItIsKilled(t *testing.T) {
	for seed := range *realSeeds {
		for _, wrong := range playReal(t, seed, true, faults{backend: true, silence: seed%2 == 1}, none) {
			t.Errorf("seed %d: %s", seed, wrong)
		}
	}
}

func TestTheRealBackendIsWrongWithoutWhatItRestsOn(t *testing.T) {
	for _, r := range []rule{birth, repeats, welcome, final} {
		wrong := 0
		for seed := uint64(0); seed < 50 && wrong == 0; seed++ {
			wrong += len(playReal(t, seed, false, faults{}, r))
		}
		if wrong == 0 {
			t.Errorf("no run was wrong without %v", r)
		}
	}
	if len(playReal(t, 0, false, faults{backend: true}, none)) == 0 {
		t.Error("no count was lost with a backend that was killed and had no directory")
	}
}
