package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// ledger is where windows arrive, as a service does that keys by series and start of the window, and overwrites. It outlives backends.
type ledger struct {
	mu      sync.Mutex
	entries map[string]map[int64]metric.Aggregate // by series and start
	changed int                                   // entries that were overwritten by other figures
}

func newLedger() *ledger { return &ledger{entries: make(map[string]map[int64]metric.Aggregate)} }

func (l *ledger) take(w *metric.Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range w.Series {
		key := a.Key()
		if l.entries[key] == nil {
			l.entries[key] = make(map[int64]metric.Aggregate)
		}
		if was, ok := l.entries[key][w.Start.UnixNano()]; ok && (was.Count != a.Count || was.IntSum != a.IntSum || was.Sum != a.Sum) {
			l.changed++
		}
		l.entries[key][w.Start.UnixNano()] = a
	}
}

// total adds up what is known of a series.
func (l *ledger) total(s *metric.Series) (sum metric.Aggregate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.entries[s.Key()] {
		sum.Count += a.Count
		sum.IntSum += a.IntSum
		sum.Sum += a.Sum
		sum.Detail.Count += a.Detail.Count
	}
	return sum
}

// check compares the ledger with what processes did.
func (l *ledger) check(t *testing.T, what string, processes ...*process) {
	t.Helper()
	type sums struct {
		series *metric.Series
		metric.Totals
	}
	all := make(map[string]*sums)
	for _, p := range processes {
		for _, s := range p.series {
			sum := all[s.series.Key()]
			if sum == nil {
				sum = &sums{series: s.series}
				all[s.series.Key()] = sum
			}
			sum.Count += s.totals.Count
			if s.series.Kind == metric.Distribution {
				sum.Sum = metric.FloatValue(sum.Sum.Float() + s.totals.Sum.Float())
			} else {
				sum.Sum = metric.IntValue(sum.Sum.Int() + s.totals.Sum.Int())
			}
		}
	}
	for _, want := range all {
		got := l.total(want.series)
		wrong := got.Count != want.Count
		switch want.series.Kind {
		case metric.Timer, metric.Counter:
			wrong = wrong || got.IntSum != want.Sum.Int()
		case metric.Distribution:
			wrong = wrong || got.Sum != want.Sum.Float()
		}
		if wrong {
			t.Errorf("%s: %s: %d calls, sum %d, %g; want %d, %d, %g", what, want.series.Name, got.Count, got.IntSum, got.Sum, want.Count, want.Sum.Int(), want.Sum.Float())
		}
	}
	if l.changed > 0 {
		t.Errorf("%s: %d entries came again with other figures", what, l.changed)
	}
}

// life is one run of a backend, which a kill may end: from then on nothing that it does counts, and what was in its directory at that
// instant is what the next one finds.
type life struct {
	t   *testing.T
	dir string
	src *fakeSource
	b   *Backend

	mu    sync.Mutex
	left  int // steps until the kill; 0: none comes
	dead  bool
	copy  string // of the directory, made by the kill
	steps []string
}

var errKilled = errors.New("killed")

// step is called before everything that the outside can see. When the life ends there, the directory is copied.
func (l *life) step(what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errKilled
	}
	l.steps = append(l.steps, what)
	if len(l.steps) == l.left {
		l.end()
		return errKilled
	}
	return nil
}

func (l *life) end() {
	l.dead = true
	l.copy = l.t.TempDir()
	copyDir(l.t, l.dir, l.copy)
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		src, err := os.Open(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		dst, err := os.Create(filepath.Join(to, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(dst, src); err != nil {
			t.Fatal(err)
		}
		src.Close()
		dst.Close()
	}
}

// clerk is a sink that writes a ledger.
type clerk struct {
	*life
	name string
	book *ledger
	down func() bool
}

func (c *clerk) Write(_ context.Context, w *metric.Window) error {
	if c.down() {
		return errDown
	}
	if err := c.step("deliver to " + c.name); err != nil {
		return err
	}
	c.book.take(w)
	return c.step("hear from " + c.name) // the answer may not come back
}

func (*clerk) Close(context.Context) error { return nil }

func (c *clerk) String() string { return c.name }

func (l *life) killed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// scene is what outlives the backends.
type scene struct {
	begun        time.Time
	prompt, slow *ledger
	calm         bool // nothing fails any more
}

func newScene() *scene { return &scene{begun: time.Now(), prompt: newLedger(), slow: newLedger()} }

// away says whether the slow sink does not take windows at the moment.
func (s *scene) away() bool { return !s.calm && time.Since(s.begun)%(40*time.Second) < 25*time.Second }

func (s *scene) begin(t *testing.T, dir string, left int) *life {
	t.Helper()
	l := &life{t: t, dir: dir, src: newSource(), left: left}
	l.b = must(t, Config{
		From: l.src, Interval: 10 * time.Second, Dir: dir, fault: l.step,
		Sinks: []Sink{&clerk{l, "prompt", s.prompt, func() bool { return false }}, &clerk{l, "slow", s.slow, s.away}},
	})
	return l
}

// settle starts a backend that lives long enough for every sink to take what waits.
func (s *scene) settle(t *testing.T, dir string) {
	t.Helper()
	s.calm = true
	l := s.begin(t, dir, 0)
	sleep(3 * time.Minute)
	if st := l.b.Stats(); st.Store.Windows != 0 || st.Store.Damaged != 0 || st.Store.Failures != 0 {
		t.Errorf("in the end %+v", st.Store)
	}
	if err := l.b.Close(); err != nil {
		t.Error(err)
	}
}

// send delivers a batch, unless the backend is dead.
func (l *life) send(b *metric.Batch) {
	if !l.killed() {
		l.src.send(b)
	}
}

// gone waits for what is left of a killed backend, and returns where the next one begins.
func (l *life) gone() (dir string) {
	l.b.Close() // whatever it says
	return l.copy
}

// world is some processes whose batches may get lost.
type world struct {
	r         *rand.Rand
	detail    metric.Detail
	processes []*process
}

func (w *world) born() {
	p := newProcess(byte(len(w.processes)+1), time.Now(), w.detail)
	for i, k := range []metric.Kind{metric.Counter, metric.Timer, metric.Distribution} {
		p.add(series(k, fmt.Sprint(k, i)))
	}
	w.processes = append(w.processes, p)
}

// work lets a process do something and returns its batch.
func (w *world) work() *metric.Batch {
	p := w.processes[w.r.IntN(len(w.processes))]
	if len(p.series) < 12 && w.r.IntN(4) == 0 {
		p.add(series(metric.Counter, fmt.Sprint("late", len(p.series))))
	}
	for range 1 + w.r.IntN(4) {
		s := p.series[w.r.IntN(len(p.series))]
		v := metric.IntValue(w.r.Int64N(1000))
		if s.series.Kind == metric.Distribution {
			v = metric.FloatValue(float64(w.r.IntN(1000)))
		}
		p.call(s, v)
	}
	return p.batch(metric.Info, w.r.IntN(5) == 0)
}

// playCrash runs a scene of some 35 s with kills after so many steps each, the first of them in the first life, and returns the steps of the
// last life.
func playCrash(t *testing.T, seed uint64, kills ...int) (steps []string) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{r: rand.New(rand.NewPCG(seed, 2)), detail: details[seed%2]}
		s := newScene()
		next := func() (left int) {
			if len(kills) > 0 {
				left, kills = kills[0], kills[1:]
			}
			return left
		}
		l := s.begin(t, t.TempDir(), next())
		if l.killed() { // before it listened: nobody has said anything yet
			l = s.begin(t, l.gone(), 0)
		}
		for i := range 60 {
			if i%20 == 0 {
				w.born()
			}
			b := w.work()
			if w.r.IntN(6) > 0 {
				l.send(b)
			}
			sleep(time.Duration(w.r.IntN(1200)) * time.Millisecond)
			if l.killed() {
				dir := l.gone()
				if w.r.IntN(2) == 0 {
					sleep(time.Duration(w.r.IntN(25)) * time.Second)
				}
				l = s.begin(t, dir, next())
			}
		}
		for range 2 { // as recorders repeat their totals, and the second time nobody is killed
			for _, p := range w.processes {
				l.send(p.batch(metric.Info, true))
			}
			sleep(15 * time.Second)
			if l.killed() {
				l = s.begin(t, l.gone(), 0)
			}
		}
		err := l.b.Close()
		if l.killed() { // while it closed
			l.dir = l.gone()
		} else if err != nil {
			t.Error(err)
		}
		steps = l.steps
		s.settle(t, l.dir)
		s.prompt.check(t, "prompt", w.processes...)
		s.slow.check(t, "slow", w.processes...)
	})
	return steps
}

func TestNoWindowIsLostOrCountsTwiceWhereverAKillComes(t *testing.T) {
	for seed := range uint64(2) {
		steps := playCrash(t, seed)
		if len(steps) < 100 {
			t.Fatalf("only %d steps", len(steps))
		}
		for n := range steps {
			t.Run(fmt.Sprintf("%d/%d %s", seed, n+1, steps[n]), func(t *testing.T) {
				t.Parallel()
				playCrash(t, seed, n+1)
			})
		}
	}
}

func TestNoWindowIsLostOrCountsTwiceAfterManyKills(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		var kills []int
		for range 1 + r.IntN(12) {
			kills = append(kills, 1+r.IntN(30))
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			playCrash(t, seed, kills...)
		})
	}
}
