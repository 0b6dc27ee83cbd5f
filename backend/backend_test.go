package backend

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/metric"
)

func TestWindowsAreAlignedToTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock begins at a midnight
		sleep(17 * time.Second)
		begin := time.Now().Round(0)
		src, sink, other := newSource(), &fakeSink{}, &fakeSink{}
		b := must(t, Config{From: src, Sinks: []Sink{sink, other}})
		src.send(counted(1, 1))
		sleep(time.Minute) // into the second window
		src.send(counted(2, 2))
		sleep(2 * time.Minute) // the third has nothing
		src.send(counted(3, 3))
		sleep(5 * time.Second)
		end := time.Now().Round(0)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		full := begin.Truncate(time.Minute)
		type window struct {
			Start, End time.Time
			Sum        int64
		}
		want := []window{
			{begin, full.Add(time.Minute), 1},
			{full.Add(time.Minute), full.Add(2 * time.Minute), 2},
			{full.Add(3 * time.Minute), end, 3},
		}
		var got []window
		for _, w := range sink.got() {
			got = append(got, window{w.Start, w.End, w.Series[0].IntSum})
			if w.Interval != time.Minute {
				t.Errorf("interval %v", w.Interval)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		if a, b := sink.got(), other.got(); len(a) != len(b) || a[0] != b[0] || a[1] != b[1] || a[2] != b[2] {
			t.Error("the second sink did not get the same windows")
		}
		if st := b.Stats(); st.Windows != 3 || st.Batches != 3 {
			t.Errorf("%+v", st)
		}
	})
}

func TestSeriesComeSortedAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, sink := newSource(), &fakeSink{}
		b := must(t, Config{From: src, Sinks: []Sink{sink}})
		for n := range byte(2) {
			p := newProcess(n+1, time.Now(), metric.Samples)
			for _, name := range []string{"c", "a", "b"} {
				p.call(p.add(series(metric.Counter, name)), metric.IntValue(1))
			}
			src.send(p.batch(metric.Info, false))
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range sink.got()[0].Series {
			got = append(got, a.Name)
		}
		if d := cmp.Diff([]string{"a", "b", "c"}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestShutdownBringsWhatTheSourceStillHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, sink := newSource(), &fakeSink{}
		src.rest = func(deliver func(*metric.Batch)) {
			time.Sleep(500 * time.Millisecond)
			deliver(counted(1, 42))
		}
		b := must(t, Config{From: src, Sinks: []Sink{sink}})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if w := sink.got(); len(w) != 1 || w[0].Series[0].IntSum != 42 {
			t.Errorf("%d windows arrived", len(w))
		}
		if sink.closed != 1 || src.closed != 1 {
			t.Errorf("sink closed %d times, source %d", sink.closed, src.closed)
		}
		<-b.Done()
		if b.Err() != nil || b.Close() != nil {
			t.Error("an orderly end is no error, also when asked for again")
		}
	})
}

func TestShutdownEndsWithItsContextWhoeverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, sink := newSource(), &fakeSink{}
		release := make(chan struct{})
		src.stuck = release
		deaf := &fakeSink{write: func(context.Context, *metric.Window) error { <-release; return nil }}
		b := must(t, Config{From: src, Sinks: []Sink{sink, deaf}})
		src.send(counted(1, 1))
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := b.Shutdown(ctx)
		if d := time.Since(began); d > time.Second+grace {
			t.Errorf("Shutdown took %v", d)
		}
		if err == nil || !strings.Contains(err.Error(), "source: does not return") || !strings.Contains(err.Error(), "fakeSink 2: does not return though its time is over; the window that it has is lost") {
			t.Errorf("error %v", err)
		}
		if len(sink.got()) != 1 {
			t.Error("the good sink did not get the last window")
		}
		close(release)
		synctest.Wait()
		if src.closed != 1 || deaf.closed != 1 {
			t.Error("what hung was not closed when it went on")
		}
	})
}

func TestContextWithoutDeadlineCutsAShutdownShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource()
		b := must(t, Config{From: src, Sinks: []Sink{&fakeSink{write: hang}}})
		src.send(counted(1, 1))
		long := make(chan error)
		go func() { long <- b.Shutdown(context.Background()) }()
		sleep(time.Second)
		began := time.Now()
		if err := b.Close(); err == nil || !strings.Contains(err.Error(), "1 windows lost") {
			t.Errorf("error %v", err)
		}
		if d := time.Since(began); d != DefaultCloseTimeout {
			t.Errorf("took %v, want the second context to end the shutdown", d)
		}
		if err := <-long; err == nil {
			t.Error("the first caller got no error")
		}
	})
}

func TestBrokenSourceIsToldAfterFlushing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, sink := newSource(), &fakeSink{}
		b := must(t, Config{From: src, Sinks: []Sink{sink}})
		src.send(counted(1, 5))
		if b.Err() != nil {
			t.Error("an error while running")
		}
		broke := errors.New("socket gone")
		src.broken <- broke
		<-b.Done()
		synctest.Wait()
		if !errors.Is(b.Err(), broke) {
			t.Errorf("Err is %v", b.Err())
		}
		if len(sink.got()) != 1 || sink.closed != 0 {
			t.Errorf("%d windows arrived, sink closed %d times; want 1, 0", len(sink.got()), sink.closed)
		}
		if err := b.Close(); !errors.Is(err, broke) || sink.closed != 1 {
			t.Errorf("Close: %v, sink closed %d times", err, sink.closed)
		}
	})
}

func TestNoticesAreLoggedAtABoundedRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook.Book{}
		src := newSource()
		b := startClean(t, Config{From: src, Sinks: []Sink{&fakeSink{}}, Logger: log.Logger()})
		for range 100 {
			src.send(&metric.Batch{Notices: []string{"name made legal"}})
			synctest.Wait()
		}
		if n := strings.Count(log.String(), "name made legal"); n != maxNotices {
			t.Errorf("%d notices were logged, want %d", n, maxNotices)
		}
		if n := b.Stats().Unlogged; n != 100-maxNotices {
			t.Errorf("%d unlogged, want %d", n, 100-maxNotices)
		}
	})
}

func TestFaultyConfigIsNamedAndTouchesNothing(t *testing.T) {
	for field, c := range map[string]func(*Config){
		"From":         func(c *Config) { c.From = nil },
		"Sinks":        func(c *Config) { c.Sinks = nil },
		"Sinks[1]":     func(c *Config) { c.Sinks = append(c.Sinks, nil) },
		"Interval":     func(c *Config) { c.Interval = time.Millisecond },
		"Apart":        func(c *Config) { c.Apart = 9 },
		"Expire":       func(c *Config) { c.Expire = -1 },
		"MaxSeries":    func(c *Config) { c.MaxSeries = -1 },
		"QueueWindows": func(c *Config) { c.QueueWindows = -1 },
		"WriteTimeout": func(c *Config) { c.WriteTimeout = -1 },
		"CloseTimeout": func(c *Config) { c.CloseTimeout = -1 },
	} {
		src, sink := newSource(), &fakeSink{}
		cfg := Config{From: src, Sinks: []Sink{sink}}
		c(&cfg)
		b, err := Start(cfg)
		if b != nil || err == nil || !strings.Contains(err.Error(), "Config."+field+" ") {
			t.Errorf("%s: %v", field, err)
		}
		if src.closed != 0 || sink.closed != 0 {
			t.Errorf("%s: source or sink was closed", field)
		}
	}
}
