package backend

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/internal/logbook"
	"github.com/zibrato/zibrato/metric"
)

// startClean starts a backend that is to be closed without an error.
func startClean(t *testing.T, cfg Config) *Backend {
	t.Helper()
	b := must(t, cfg)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestFailedWindowComesAgainWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook.Book{}
		src, tries := newSource(), 0
		sink := &fakeSink{write: func(context.Context, *metric.Window) error {
			if tries++; tries <= 8 {
				return errDown
			}
			return nil
		}}
		b := startClean(t, Config{From: src, Sinks: []Sink{sink}, Interval: time.Hour, Logger: log.Logger()})
		src.send(counted(1, 3))
		sleep(2*time.Hour - time.Minute)
		if w := sink.got(); len(w) != 1 || w[0].Series[0].IntSum != 3 {
			t.Fatalf("%d windows arrived", len(w))
		}
		lo, hi := time.Second, 3*time.Second
		for i := 1; i < len(sink.tries); i++ {
			if p := sink.tries[i].Sub(sink.tries[i-1]); p < lo || p > hi+time.Millisecond {
				t.Errorf("pause %d is %v, want %v to %v", i, p, lo, hi)
			}
			lo, hi = min(2*lo, 20*time.Second), min(2*hi, time.Minute)
		}
		st := b.Stats().Sinks[0]
		if st.Written != 1 || st.Retried != 8 || st.Dropped != 0 || st.Failing || st.LastError != errDown.Error() {
			t.Errorf("%+v", st)
		}
		if l := log.String(); strings.Count(l, "sink failed") > 5 || !strings.Contains(l, errDown.Error()) || strings.Count(l, "works again") != 1 {
			t.Errorf("logged:\n%s", l)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tries := newSource(), 0
		sink := &fakeSink{write: func(context.Context, *metric.Window) error {
			if tries++; tries == 1 {
				return Retry(errDown, 17*time.Minute)
			}
			return nil
		}}
		startClean(t, Config{From: src, Sinks: []Sink{sink}})
		src.send(counted(1, 1))
		sleep(time.Hour)
		if len(sink.tries) != 2 {
			t.Fatalf("%d tries, want 2", len(sink.tries))
		}
		if p := sink.tries[1].Sub(sink.tries[0]); p != 17*time.Minute {
			t.Errorf("came again after %v, want 17m", p)
		}
	})
}

func TestRejectionIsCountedLoggedOnceAndNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook.Book{}
		src := newSource()
		sink := &fakeSink{write: func(context.Context, *metric.Window) error { return Reject(errors.New("name too long"), 2) }}
		b := startClean(t, Config{From: src, Sinks: []Sink{sink}, Interval: time.Second, Logger: log.Logger()})
		for n := range byte(5) {
			src.send(counted(n+1, 1))
			sleep(time.Second)
		}
		synctest.Wait()
		if st := b.Stats().Sinks[0]; len(sink.tries) != 5 || st.Written != 5 || st.Rejected != 10 || st.Retried != 0 {
			t.Errorf("%d tries, %+v", len(sink.tries), st)
		}
		if l := log.String(); strings.Count(l, "name too long") != 1 {
			t.Errorf("logged:\n%s", l)
		}
	})
}

func TestBadSinksDoNotDelayTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource()
		good, hanging, failing := &fakeSink{}, &fakeSink{write: hang}, &fakeSink{write: down}
		panicking := &fakeSink{write: func(context.Context, *metric.Window) error { panic("bug") }}
		b := must(t, Config{From: src, Sinks: []Sink{hanging, failing, panicking, good}, Interval: time.Minute, QueueWindows: 3})
		for n := range byte(10) {
			src.send(counted(n+1, int64(n)))
			sleep(time.Minute)
			w := good.got()
			if len(w) != int(n)+1 || w[n].Series[0].IntSum != int64(n) || !w[n].End.Equal(time.Now()) {
				t.Fatalf("after minute %d the good sink has %d windows", n+1, len(w))
			}
		}
		st := b.Stats().Sinks
		for _, s := range st[:3] {
			if s.Written != 0 || s.Dropped < 6 || s.Retried < 5 || s.Queued > 3 || !s.Failing {
				t.Errorf("%+v", s)
			}
		}
		if st[2].Panics == 0 || st[2].LastError != "panic: bug" {
			t.Errorf("%+v", st[2])
		}
		if st[3].Written != 10 || st[3].Dropped != 0 || st[3].Name != "backend.fakeSink 4" {
			t.Errorf("%+v", st[3])
		}
		began := time.Now()
		err := b.Close()
		if d := time.Since(began); d > DefaultCloseTimeout {
			t.Errorf("Close took %v", d)
		}
		for _, want := range []string{"fakeSink 1: 3 windows lost", "fakeSink 2: 3 windows lost: target is down", "fakeSink 3: 3 windows lost: panic: bug"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error lacks %q:\n%v", want, err)
			}
		}
		for i, s := range []*fakeSink{hanging, failing, panicking, good} {
			if s.closed != 1 {
				t.Errorf("sink %d was closed %d times", i+1, s.closed)
			}
		}
	})
}

// badError panics in whatever method is called on a nil pointer, as those of most types of errors do.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

func TestASinkMayReturnAnErrorThatPanics(t *testing.T) {
	for name, bad := range map[string]error{
		"nil pointer": (*badError)(nil), "nil pointer that unwraps": (*fs.PathError)(nil), "rejected": Reject((*fs.PathError)(nil), 1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, good := newSource(), &fakeSink{}
				sink := &fakeSink{write: func(context.Context, *metric.Window) error { return bad }}
				b := must(t, Config{From: src, Sinks: []Sink{sink, good}, Interval: time.Second})
				src.send(counted(1, 1))
				sleep(time.Second)
				if st := b.Stats().Sinks[0]; st.Panics+st.Rejected == 0 || st.LastError == "" {
					t.Errorf("%+v", st)
				}
				b.Close()
				if len(good.got()) != 1 {
					t.Errorf("the good sink has %d windows", len(good.got()))
				}
			})
		})
	}
}

// As a sink of a test's that calls t.Fatal does.
func TestASinkMayEndItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tries := newSource(), 0
		sink := &fakeSink{write: func(context.Context, *metric.Window) error {
			if tries++; tries == 1 {
				runtime.Goexit()
			}
			return nil
		}}
		b := must(t, Config{From: src, Sinks: []Sink{sink}, Interval: time.Second})
		src.send(counted(1, 1))
		sleep(time.Second)
		if st := b.Stats().Sinks[0]; st.Panics != 1 || !st.Failing || st.LastError != errGoexit.Error() {
			t.Errorf("%+v", st)
		}
		sleep(10 * time.Second)
		if st := b.Stats().Sinks[0]; st.Written == 0 || st.Failing || st.Dropped != 0 {
			t.Errorf("after the next try: %+v", st)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFullQueueDropsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource()
		up := make(chan struct{})
		sink := &fakeSink{write: func(ctx context.Context, _ *metric.Window) error {
			select {
			case <-up:
				return nil
			default:
				return errDown
			}
		}}
		b := startClean(t, Config{From: src, Sinks: []Sink{sink}, QueueWindows: 3})
		for n := range byte(8) {
			src.send(counted(n+1, int64(n)))
			sleep(time.Minute)
		}
		close(up)
		sleep(2 * time.Minute)
		var got []int64
		for _, w := range sink.got() {
			got = append(got, w.Series[0].IntSum)
		}
		if len(got) != 3 || got[0] != 5 || got[1] != 6 || got[2] != 7 {
			t.Errorf("windows %v arrived, want the three newest, in order", got)
		}
		if st := b.Stats().Sinks[0]; st.Dropped != 5 || st.Written != 3 || st.Queued != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestSlowSinkIsCutOffAtTheWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, tries := newSource(), 0
		var took time.Duration
		sink := &fakeSink{write: func(ctx context.Context, w *metric.Window) error {
			if tries++; tries > 1 {
				return nil
			}
			began := time.Now()
			err := hang(ctx, w)
			took = time.Since(began)
			return err
		}}
		startClean(t, Config{From: src, Sinks: []Sink{sink}, WriteTimeout: 5 * time.Second})
		src.send(counted(1, 1))
		sleep(3 * time.Minute)
		if took != 5*time.Second || len(sink.got()) != 1 {
			t.Errorf("cut off after %v, %d windows arrived", took, len(sink.got()))
		}
	})
}

func TestLogOfOneFailureIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	var q quiet
	logged := 0
	for range 600 { // ten minutes of the same, once a second
		if _, ok := q.say("same", now); ok {
			logged++
		}
		now = now.Add(time.Second)
	}
	if logged != 10 {
		t.Errorf("logged %d times in ten minutes, want 10", logged)
	}
	if n, ok := q.say("other", now); !ok || n != 59 {
		t.Errorf("news: logged %v, %d unlogged; want true, 59", ok, n)
	}
	if _, ok := q.say("more", now); ok {
		t.Error("news at the same instant is logged")
	}
}

// namedSink says what it is called.
type namedSink struct {
	fakeSink
	name string
}

func (s *namedSink) String() string { return s.name }

func TestSinksAreNamedByThemselvesElseByType(t *testing.T) {
	got := sinkNames([]Sink{&namedSink{name: "a"}, &fakeSink{}, &namedSink{name: "b"}, &namedSink{name: "a"}})
	if diff := cmp.Diff([]string{"a 1", "backend.fakeSink", "b", "a 2"}, got); diff != "" {
		t.Error(diff)
	}
	got = sinkNames([]Sink{&namedSink{name: "a"}, &namedSink{name: "a 1"}, &namedSink{name: "a"}})
	if diff := cmp.Diff([]string{"a 2", "a 1", "a 3"}, got); diff != "" {
		t.Errorf("two of one name: %s", diff)
	}
}
