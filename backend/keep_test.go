package backend

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/metric"
)

func TestWithoutADirectoryItSaysThatAKillLosesAll(t *testing.T) {
	log := &logbook.Book{}
	startClean(t, Config{From: newSource(), Sinks: []Sink{&fakeSink{}}, Logger: log.Logger()})
	if l := log.String(); strings.Count(l, "in memory only") != 1 || !strings.Contains(l, "no directory") {
		t.Errorf("logged:\n%s", l)
	}
}

func TestASecondBackendInADirectoryIsRefused(t *testing.T) {
	cfg := Config{From: newSource(), Sinks: []Sink{&fakeSink{}}, Dir: t.TempDir()}
	startClean(t, cfg)
	src, sink := newSource(), &fakeSink{}
	_, err := Start(Config{From: src, Sinks: []Sink{sink}, Dir: cfg.Dir})
	if err == nil || !strings.Contains(err.Error(), "Config.Dir") || !strings.Contains(err.Error(), cfg.Dir) || !strings.Contains(err.Error(), "another backend") {
		t.Errorf("the second: %v", err)
	}
	if src.closed+sink.closed != 0 {
		t.Error("what was refused is not the caller's any more")
	}
}

// kill makes a copy of the directory of a backend as a kill leaves it, and ends the backend.
func kill(t *testing.T, b *Backend) (dir string) {
	t.Helper()
	dir = t.TempDir()
	copyDir(t, b.cfg.Dir, dir)
	b.Close()
	return dir
}

// everything sends batches of all kinds of series, text too, in an order that depends on the seed alone.
func everything(r *rand.Rand, d metric.Detail) func() *metric.Batch {
	var processes []*process
	for n := range 3 {
		p := newProcess(byte(n+1), time.Now(), d)
		for _, k := range metric.Kinds {
			p.add(series(k, k.String()))
			p.add(series(k, k.String(), metric.Tag{Key: "of", Value: fmt.Sprint(n)}))
		}
		processes = append(processes, p)
	}
	return func() *metric.Batch {
		if r.IntN(5) == 0 {
			b := &metric.Batch{}
			if err := metric.DecodeText(fmt.Appendf(nil, "info|Timer|text|%g|1700000000|web", r.Float64()), b); err != nil {
				panic(err)
			}
			return b
		}
		p := processes[r.IntN(len(processes))]
		for range r.IntN(8) {
			s := p.series[r.IntN(len(p.series))]
			v := metric.IntValue(r.Int64N(100))
			if !s.series.Kind.Integer() {
				v = metric.FloatValue(r.NormFloat64())
			}
			p.call(s, v)
		}
		b := p.batch(metric.Info, r.IntN(10) == 0)
		if r.IntN(20) == 0 {
			b.Samples, b.Summaries = nil, nil // detail is lost on the way
		}
		return b
	}
}

// A backend that is killed and started again has the windows that it would have had without that: counts, sums, histograms, the present values of
// up-down counters, and the bounds.
func TestAKillChangesNoWindow(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			play := func(kills int) (windows []*metric.Window) {
				r := rand.New(rand.NewPCG(seed, 1))
				next := everything(r, details[seed%2])
				src, sink := newSource(), &fakeSink{}
				dir := t.TempDir()
				b := must(t, Config{From: src, Sinks: []Sink{sink}, Interval: 10 * time.Second, Dir: dir})
				time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 250*time.Millisecond)))
				for i := range 120 {
					src.send(next())
					if kills > 0 && i%(120/kills) == 7 {
						dir := kill(t, b)
						src = newSource()
						b = must(t, Config{From: src, Sinks: []Sink{sink}, Interval: 10 * time.Second, Dir: dir})
						if st := b.Stats(); st.Batches+st.LostSamples+st.LostBatches+st.Duplicates != 0 {
							t.Errorf("at its start it has done %+v", st)
						}
					}
					sleep(time.Second / 2)
				}
				if err := b.Close(); err != nil {
					t.Error(err)
				}
				// A killed backend was closed, here, and so flushed the window once more than a real one.
				byStart := make(map[time.Time]int)
				for _, w := range sink.got() {
					if i, again := byStart[w.Start]; again {
						windows[i] = w
						continue
					}
					byStart[w.Start] = len(windows)
					windows = append(windows, w)
				}
				return windows
			}
			whole := play(0)
			begun := whole[0].Start
			killed := play(9)
			shift := killed[0].Start.Sub(begun)
			for _, w := range killed {
				w.Start, w.End = w.Start.Add(-shift), w.End.Add(-shift)
			}
			if d := cmp.Diff(whole, killed, cmp.AllowUnexported(metric.Histogram{}), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("seed %d (-without +with kills):\n%.3000s", seed, d)
			}
		})
	}
}

func TestWindowsWaitOnDiskForASinkThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, log := t.TempDir(), &logbook.Book{}
		away := true
		src, good := newSource(), &fakeSink{}
		sink := &fakeSink{write: func(context.Context, *metric.Window) error {
			if away {
				return errDown
			}
			return nil
		}}
		cfg := Config{From: src, Sinks: []Sink{sink, good}, Interval: time.Second, QueueWindows: 3, Dir: dir, Logger: log.Logger()}
		b := must(t, cfg)
		for n := range byte(100) {
			src.send(counted(n+1, int64(n)))
			sleep(time.Second)
		}
		st := b.Stats()
		if s := st.Sinks[0]; s.Dropped != 0 || s.Queued < 99 || s.Stored != s.Queued || st.Store.Windows < 99 {
			t.Errorf("%+v", st)
		}
		if err := b.Close(); err != nil {
			t.Errorf("nothing is lost, and yet: %v", err)
		}
		if l := log.String(); !strings.Contains(l, "wait on disk") {
			t.Errorf("logged:\n%s", l)
		}
		away = false
		cfg.From = newSource()
		b = must(t, cfg)
		sleep(time.Minute)
		for n, w := range sink.got() {
			if w.Series[0].IntSum != int64(n) {
				t.Fatalf("window %d holds %d", n, w.Series[0].IntSum)
			}
		}
		if n, m := len(sink.got()), len(good.got()); n != 100 || m != 100 {
			t.Errorf("%d and %d windows arrived, want 100 each", n, m)
		}
		if st := b.Stats().Store; st.Windows != 0 || st.Bytes != 0 {
			t.Errorf("%+v", st)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What a window's file holds is lost only when that is known to be so.
func TestAWindowThatCannotBeReadNowComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		src, sink := newSource(), &fakeSink{write: down}
		b := must(t, Config{From: src, Sinks: []Sink{sink}, Interval: time.Second, Dir: dir})
		for n := range byte(3) {
			src.send(counted(n+1, int64(n)))
			sleep(time.Second)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		window := func(n int) string { return filepath.Join(dir, fmt.Sprint("window.", n)) }
		if err := os.Rename(window(1), filepath.Join(dir, "elsewhere")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(window(1), 0o700); err != nil { // which is no file that could be read
			t.Fatal(err)
		}
		if err := os.WriteFile(window(2), []byte("nonsense"), 0o600); err != nil {
			t.Fatal(err)
		}
		sink.write = nil
		b = startClean(t, Config{From: newSource(), Sinks: []Sink{sink}, Interval: time.Second, Dir: dir})
		sleep(time.Minute)
		if n := len(sink.got()); n != 0 {
			t.Errorf("%d windows arrived before the first", n)
		}
		if err := os.Remove(window(1)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "elsewhere"), window(1)); err != nil {
			t.Fatal(err)
		}
		sleep(time.Minute)
		var got []int64
		for _, w := range sink.got() {
			got = append(got, w.Series[0].IntSum)
		}
		if d := cmp.Diff([]int64{0, 2}, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		if st := b.Stats(); st.Sinks[0].Dropped != 1 || st.Store.Damaged != 1 || st.Store.Windows != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestWindowsForWhichTheDiskHasNoRoomAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource()
		b := startClean(t, Config{From: src, Sinks: []Sink{&fakeSink{write: down}}, Interval: time.Second, QueueWindows: 3, Dir: t.TempDir(), DirBytes: 3000})
		for n := range byte(100) {
			src.send(counted(n+1, 1))
			sleep(time.Second)
		}
		st := b.Stats()
		if s := st.Sinks[0]; s.Dropped == 0 || s.Dropped != st.Store.Evicted || st.Store.Bytes > 3000*3/4 || s.Queued+int(s.Dropped) < 99 {
			t.Errorf("%+v", st)
		}
	})
}

// A full disk costs nothing while the backend lives, and a kill later, when there is room again, costs nothing either.
func TestAFullDiskIsLivedThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := false
		book, r := newLedger(), rand.New(rand.NewPCG(1, 1))
		w := &world{r: r}
		w.born()
		start := func(dir string) (*fakeSource, *Backend) {
			src := newSource()
			l := &life{t: t, src: src}
			return src, must(t, Config{
				From: src, Interval: time.Second, Dir: dir, Sinks: []Sink{&clerk{l, "ledger", book, func() bool { return false }}},
				fault: func(step string) error {
					if full && !strings.HasPrefix(step, "remove") {
						return syscall.ENOSPC
					}
					return nil
				},
			})
		}
		src, b := start(t.TempDir())
		for i := range 300 {
			full = i%60 >= 30
			src.send(w.work())
			sleep(300 * time.Millisecond)
			if st := b.Stats().Store; full && i%60 == 50 && (st.Durable || st.Failures == 0 || st.Unlogged == 0) {
				t.Errorf("with a full disk: %+v", st)
			}
			if i%60 == 10 || i%60 == 25 {
				if st := b.Stats(); !st.Store.Durable || st.Sinks[0].Dropped != 0 {
					t.Errorf("with room again: %+v", st)
				}
				dir := kill(t, b)
				src, b = start(dir)
			}
		}
		src.send(w.processes[0].batch(metric.Info, true))
		full = false
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		book.changed = 0 // a window that a kill ended here is flushed by Close as well
		book.check(t, "full disk", w.processes...)
	})
}

func TestNoWindowBeginsWhereAnotherDidWhateverTheClockDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink := t.TempDir(), &fakeSink{}
		r := rand.New(rand.NewPCG(1, 1))
		for n := range byte(60) {
			sleep(time.Duration(r.IntN(700)) * time.Millisecond)
			src := newSource()
			iv := []time.Duration{time.Second, time.Minute, 7 * time.Second}[r.IntN(3)]
			b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir, Interval: iv})
			src.send(counted(n+1, 1))
			sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
			switch r.IntN(3) {
			case 0:
				dir = kill(t, b)
				sink.windows = sink.windows[:len(sink.windows)-1] // which only Close flushed
			default:
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
		seen := map[int64]bool{}
		for _, w := range sink.got() {
			if s := w.Start.Unix(); seen[s] {
				t.Errorf("two windows begin in the second %d", s)
			} else {
				seen[s] = true
			}
			if !w.Start.Before(w.End) {
				t.Errorf("a window from %v to %v", w.Start, w.End)
			}
		}
	})
}
