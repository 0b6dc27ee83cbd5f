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

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

func TestWithoutADirectoryItSaysThatAKillLosesAll(t *testing.T) {
	log := &logBuffer{}
	startClean(t, Config{From: newSource(), Sinks: []Sink{&fakeSink{}}, Logger: log.logger()})
	if l := log.String(); strings.Count(l, "in memory only") != 1 || !strings.Contains(l, "Config.Dir") {
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
		dir, log := t.TempDir(), &logBuffer{}
		away := true
		src, good := newSource(), &fakeSink{}
		sink := &fakeSink{write: func(context.Context, *metric.Window) error {
			if away {
				return errDown
			}
			return nil
		}}
		cfg := Config{From: src, Sinks: []Sink{sink, good}, Interval: time.Second, QueueWindows: 3, Dir: dir, Logger: log.logger()}
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

// levelled is a source that knows its levels.
type levelled struct {
	*fakeSource
	levels metric.Levels
}

func (l levelled) Levels() metric.Levels { return l.levels }

// A level is covered from the start of the first run that brings it, through all runs that do, and no longer.
func TestALevelIsCoveredWhileRunsBringIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink := t.TempDir(), &fakeSink{}
		p := newProcess(1, time.Now(), metric.Samples)
		jobs := map[metric.Level]*sent{}
		for _, l := range []metric.Level{metric.Info, metric.Debug} {
			jobs[l] = p.add(&metric.Series{Kind: metric.Counter, Level: l, Name: "jobs"})
		}
		run := func(levels ...metric.Level) (got map[metric.Level]int64) {
			time.Sleep(time.Hour)
			src := levelled{newSource(), levels}
			sink.windows = nil
			b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir})
			time.Sleep(time.Minute)
			for l, s := range jobs {
				p.call(s, metric.IntValue(10))
				b := p.batch(l, true)
				if metric.Levels(levels).Include(l) {
					src.send(b)
				}
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			got = map[metric.Level]int64{}
			for _, w := range sink.got() {
				for _, a := range w.Series {
					got[a.Level] += a.IntSum
				}
			}
			return got
		}
		for i, step := range []struct {
			levels metric.Levels
			want   map[metric.Level]int64
		}{
			{metric.Levels{metric.Info}, map[metric.Level]int64{metric.Info: 10}},
			{metric.Levels{metric.Info, metric.Debug}, map[metric.Level]int64{metric.Info: 10, metric.Debug: 10}}, // of debug, 10 are history
			{metric.Levels{metric.Debug}, map[metric.Level]int64{metric.Debug: 10}},
			{nil, map[metric.Level]int64{metric.Info: 10, metric.Debug: 10}}, // of info, 10 were not listened to
		} {
			if d := cmp.Diff(step.want, run(step.levels...)); d != "" {
				t.Errorf("run %d (-want +got):\n%s", i+1, d)
			}
		}
	})
}

func TestCoverageGoesOnOverStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink := t.TempDir(), &fakeSink{}
		src := newSource()
		b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir})
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		p := newProcess(1, time.Now(), metric.Samples) // born while no backend ran
		s := p.add(series(metric.Counter, "jobs"))
		p.call(s, metric.IntValue(7))
		p.batch(metric.Info, false) // which nobody hears
		time.Sleep(30 * time.Hour)  // nobody is silent because nobody listened
		src = newSource()
		b = must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir})
		sleep(time.Minute)
		src.send(p.batch(metric.Info, true))
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if w := sink.got(); len(w) != 1 || w[0].Series[0].IntSum != 7 {
			t.Errorf("%d windows: what began between the runs is not counted from zero", len(w))
		}
	})
}

func TestTotalsSurviveADayWithoutABackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink := t.TempDir(), &fakeSink{}
		p := newProcess(1, time.Now(), metric.Samples)
		s := p.add(series(metric.Counter, "jobs"))
		for run := range 3 {
			src := newSource()
			b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir, Interval: time.Second})
			sleep(5 * time.Second) // flushes come before the process speaks again
			p.call(s, metric.IntValue(5))
			src.send(p.batch(metric.Info, false))
			sleep(5 * time.Second)
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if got := len(sink.got()); got != run+1 || sink.got()[run].Series[0].IntSum != int64([]int{5, 8, 8}[run]) {
				t.Fatalf("run %d: %d windows, the last of %+v", run+1, got, sink.got()[got-1].Series[0].IntSum)
			}
			p.call(s, metric.IntValue(3))
			p.batch(metric.Info, false) // while nobody listens
			time.Sleep(2 * remember)
		}
	})
}

func TestAnotherApartKeepsTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink := t.TempDir(), &fakeSink{}
		p := newProcess(1, time.Now(), metric.Samples)
		c, u := p.add(series(metric.Counter, "jobs")), p.add(series(metric.UpDown, "open"))
		for _, apart := range []Apart{None, ByHost} {
			src := newSource()
			b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir, Apart: apart})
			sleep(time.Second)
			p.call(c, metric.IntValue(5))
			p.call(u, metric.IntValue(2))
			src.send(p.batch(metric.Info, false))
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
		last := sink.got()[1].Series
		if jobs, open := find(last, "jobs"), find(last, "open"); jobs.IntSum != 5 || jobs.Tag("host") != "hostb" || open.Detail.Last != 2 || open.Tag("host") != "hostb" {
			t.Errorf("%+v %+v", jobs, open)
		}
	})
}

// A recorder of this process dies with it: what its up-down counters stood at is over.
func TestOfAnEmbeddedBackendTheLastProcessIsOver(t *testing.T) {
	dir, sink := t.TempDir(), &fakeSink{}
	for run := range 2 {
		rec := zibrato.New(zibrato.Config{Source: "test"})
		b := must(t, Config{From: InProcess(rec), Sinks: []Sink{sink}, Interval: time.Hour, Dir: dir})
		rec.NewUpDown("open").Add(3)
		rec.NewCounter("jobs").Add(4)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		rec.Close()
		w := sink.got()[run].Series
		if open := find(w, "open"); open == nil || open.Detail.Last != 3 {
			t.Errorf("run %d: open %+v, want 3", run+1, open)
		}
		if jobs := find(w, "jobs"); jobs == nil || jobs.IntSum != 4 {
			t.Errorf("run %d: jobs %+v, want 4", run+1, jobs)
		}
	}
}

// The same recorder may have several backends, one after the other.
func TestARecorderIsNotOverWithItsBackend(t *testing.T) {
	dir, sink := t.TempDir(), &fakeSink{}
	rec := zibrato.New(zibrato.Config{Source: "test"})
	defer rec.Close()
	for run := range 3 {
		b := must(t, Config{From: InProcess(rec), Sinks: []Sink{sink}, Interval: time.Hour, Dir: dir})
		rec.NewUpDown("open").Add(1)
		rec.NewCounter("jobs").Add(4)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		w := sink.got()[run].Series
		if open, jobs := find(w, "open"), find(w, "jobs"); open.Detail.Last != float64(run+1) || jobs.IntSum != 4 {
			t.Errorf("run %d: open %g, jobs %d", run+1, open.Detail.Last, jobs.IntSum)
		}
	}
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

// When the clock was set back between two runs, no window begins before the last one ended, and ages are what they were.
func TestAClockThatWasSetBackBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink, log := t.TempDir(), &fakeSink{}, &logBuffer{}
		ahead := time.Now().Add(20 * time.Minute)
		file := store.AppendState(nil, &store.State{
			Next: 1, At: ahead, Start: ahead, Clean: true, Coverage: store.Coverage{Rest: ahead.Add(-time.Hour)},
		})
		if err := os.WriteFile(filepath.Join(dir, "state"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		old, young := newProcess(1, time.Now().Add(-2*time.Hour), metric.Samples), newProcess(2, time.Now().Add(-30*time.Minute), metric.Samples)
		src := newSource()
		b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir, Logger: log.logger()})
		for _, p := range []*process{old, young} {
			s := p.add(series(metric.Counter, "jobs"))
			p.call(s, metric.IntValue(5))
			s.birth = 0 // when the process began
			p.batch(metric.Info, false)
			src.send(p.batch(metric.Info, true))
		}
		sleep(19 * time.Minute)
		if n := len(sink.got()); n != 0 {
			t.Errorf("%d windows before the clock has caught up", n)
		}
		if l := log.String(); !strings.Contains(l, "clock was set back") {
			t.Errorf("logged:\n%s", l)
		}
		sleep(5 * time.Minute)
		if w := sink.got(); len(w) != 1 || w[0].Start.Before(ahead) || w[0].Series[0].IntSum != 5 {
			t.Errorf("%d windows; want the one since then, with what the younger process did", len(w))
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

// To forget one recorder costs those nothing that started later.
func TestForgettingMovesCoverageOnlyForOlderRecorders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := testFold(Config{MaxSeries: 2})
		forgotten, other := newProcess(1, time.Now(), metric.Samples), newProcess(9, time.Now(), metric.Samples)
		s, o := forgotten.add(series(metric.Counter, "jobs")), other.add(series(metric.Counter, "others"))
		time.Sleep(10 * time.Minute)
		young := newProcess(2, time.Now(), metric.Samples)
		y := young.add(series(metric.Counter, "young"))
		young.call(y, metric.IntValue(3))
		young.batch(metric.Info, false) // is lost
		time.Sleep(time.Minute)
		forgotten.call(s, metric.IntValue(5))
		f.add(forgotten.batch(metric.Info, false), time.Now())
		other.call(o, metric.IntValue(1))
		f.add(other.batch(metric.Info, false), time.Now()) // now it is full
		time.Sleep(DefaultExpire + time.Second)
		f.take(time.Now(), false)
		if n := f.snapshot().Processes; n != 0 {
			t.Fatalf("%d processes are remembered", n)
		}
		f.add(young.batch(metric.Info, true), time.Now())
		f.add(forgotten.batch(metric.Info, true), time.Now())
		w := f.take(time.Now(), false)
		if a := find(w, "young"); a == nil || a.IntSum != 3 {
			t.Errorf("young: %+v, want 3: it was never heard of", a)
		}
		if a := find(w, "jobs"); a != nil {
			t.Errorf("jobs: %+v, want nothing: it was counted", a)
		}
	})
}
