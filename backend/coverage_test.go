package backend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/metric"
)

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

// When the clock was set back between two runs, no window begins before the last one ended, and ages are what they were.
func TestAClockThatWasSetBackBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, sink, log := t.TempDir(), &fakeSink{}, &logbook.Book{}
		ahead := time.Now().Add(20 * time.Minute)
		file := store.AppendState(nil, &store.State{
			Next: 1, At: ahead, Start: ahead, Clean: true, Coverage: store.Coverage{Rest: ahead.Add(-time.Hour)},
		})
		if err := os.WriteFile(filepath.Join(dir, "state"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		old, young := newProcess(1, time.Now().Add(-2*time.Hour), metric.Samples), newProcess(2, time.Now().Add(-30*time.Minute), metric.Samples)
		src := newSource()
		b := must(t, Config{From: src, Sinks: []Sink{sink}, Dir: dir, Logger: log.Logger()})
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
		f := testFold(Config{MaxSeries: 2, MaxSeriesEach: 2})
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
