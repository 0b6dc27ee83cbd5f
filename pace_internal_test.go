package zibrato

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

func TestThePaceOfPasses(t *testing.T) {
	const room = 1 << 20
	for _, c := range []struct {
		what    string
		late    time.Duration
		found   int
		elapsed time.Duration
		longest time.Duration
		want    time.Duration
	}{
		{"nothing", 0, 0, 20 * time.Millisecond, passSeldom, 40 * time.Millisecond},
		{"nothing for long", 0, 0, 200 * time.Millisecond, passSeldom, passSeldom},
		{"as much as a pass is for", 0, passRecords, 50 * time.Millisecond, passSeldom, 50 * time.Millisecond},
		{"half of it", 0, passRecords / 2, 50 * time.Millisecond, passSeldom, 100 * time.Millisecond},
		{"twice as much", 0, 2 * passRecords, 50 * time.Millisecond, passSeldom, 25 * time.Millisecond},
		{"much", 0, 100_000, 10 * time.Millisecond, passSeldom, passEvery},
		{"little where samples are wanted", 0, 10, 40 * time.Millisecond, passSamples, passSamples},
		{"a moment late", passLeast / 2, passRecords, 50 * time.Millisecond, passSeldom, 50*time.Millisecond - passLeast/2},
		{"all busy, half of the ring", 15 * time.Millisecond, room / 2, 90 * time.Millisecond, passSeldom, 75 * time.Millisecond},
		{"all busy, half of it sooner than leaves time", 5 * time.Millisecond, room / 2, 25 * time.Millisecond, passSeldom, 15 * time.Millisecond},
		{"all busy, a third of it at once", 2 * time.Millisecond, room / 3, 14 * time.Millisecond, passSeldom, 12 * time.Millisecond},
		{"all busy, little", 15 * time.Millisecond, 10_000, 50 * time.Millisecond, passSeldom, 185 * time.Millisecond},
		{"all busy, samples wanted", 15 * time.Millisecond, 10_000, 40 * time.Millisecond, passSamples, passSamples - 15*time.Millisecond},
		{"somebody is in a hurry", 0, 10, 200 * time.Millisecond, passEvery, passEvery},
		{"very much, and nobody else wants the processor", 0, room / 2, 20 * time.Millisecond, passSeldom, passEvery},
	} {
		p := newPacer(room)
		p.late = c.late
		if got := p.wait(c.found, c.elapsed, c.longest); got < c.want-time.Microsecond || got > c.want+time.Microsecond {
			t.Errorf("%s: waits %v, want %v", c.what, got, c.want)
		}
	}
}

// On the only processor somebody else has his turn first.
func TestThePacerLearnsByYieldingHowLateItIs(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p := newPacer(1 << 20)
	go func() {
		for begun := time.Now(); time.Since(begun) < 2*passLeast; {
		}
	}()
	got := p.wait(1<<19, 20*time.Millisecond, passSeldom)
	if got != 0 { // once in 61 times the scheduler prefers who has just yielded
		got = p.wait(1<<19, 20*time.Millisecond, passSeldom)
	}
	if got != 0 || p.late < passLeast {
		t.Errorf("it waits %v and takes itself for %v late, want no wait after two milliseconds", got, p.late)
	}
}

// What is recorded on a level that somebody begins to watch comes within 50 ms also from a process that had little to say until then.
func TestSomebodyWhoComesIsServedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{})
		quiet, err := r.Attach(func(*metric.Batch) {})
		if err != nil {
			t.Fatal(err)
		}
		quiet.Watch(nil, func(l Level) bool { return l == LevelInfo })
		done := make(chan struct{})
		defer close(done)
		go func() {
			debug := r.With(AtLevel("debug"))
			for {
				select {
				case <-done:
					return
				case <-time.After(3 * time.Millisecond):
					r.Observe("info", time.Millisecond)
					debug.Observe("debug", time.Millisecond)
				}
			}
		}()
		for _, pause := range []time.Duration{700 * time.Millisecond, 1130 * time.Millisecond, 3 * time.Second, 450 * time.Millisecond} {
			time.Sleep(pause)
			came := make(chan struct{})
			var once sync.Once
			tap, err := r.Attach(func(b *metric.Batch) {
				if len(b.Samples) > 0 {
					once.Do(func() { close(came) })
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			tap.Watch(func(l Level) bool { return l == "debug" }, nil)
			<-came
			if took := time.Since(begun); took > 25*time.Millisecond {
				t.Errorf("after %v it took %v", pause, took)
			}
			if err := tap.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}
