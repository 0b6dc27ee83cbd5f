package clock

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/atomic"
)

func TestMain(m *testing.M) {
	Calibrate()
	m.Run()
}

func TestTicksAdvanceWithTheMonotonicClock(t *testing.T) {
	before := nanotime()
	from := Ticks()
	for time.Duration(Nanos(Ticks()-from)) < 2*time.Millisecond {
		if nanotime()-before > int64(time.Minute) {
			t.Fatal("ticks stand still")
		}
	}
	got, upper := Nanos(Ticks()-from), nanotime()-before
	if got > upper+upper/1000+100 { // the rate is that of a millisecond
		t.Errorf("%v of ticks passed within %v", time.Duration(got), time.Duration(upper))
	}
}

func TestTheSourceIsGivenWithAReason(t *testing.T) {
	t.Logf("%s %s", Source(), Reason())
	switch Source() {
	case "monotonic":
		if Reason() == "" {
			t.Error("no reason for not using a counter")
		}
	case "tsc", "cntvct":
		if Reason() != "" {
			t.Errorf("a reason against the counter in use: %s", Reason())
		}
	default:
		t.Errorf("source %q", Source())
	}
}

func TestCalibrateMayBeCalledByAnybodyAnyTime(t *testing.T) {
	source, before := Source(), Ticks()
	var all sync.WaitGroup
	for range 8 {
		all.Go(Calibrate)
	}
	all.Wait()
	if after := Ticks(); Source() != source || Nanos(after-before) > int64(time.Minute) {
		t.Errorf("from %d ticks of %s to %d of %s", before, source, after, Source())
	}
}

func TestTheHotPathAllocatesNothing(t *testing.T) {
	sink := int64(0)
	if n := testing.AllocsPerRun(100, func() { sink += Nanos(Ticks() - EmptyBlock()); Supervise(); Correct([]int64{40, 50}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	runtime.KeepAlive(sink)
}

func TestAssemblyReadsTheWordThatIsStored(t *testing.T) {
	for _, want := range []uint32{1, 1 << 31, 0} {
		var w words
		w.counts.Store(want)
		if got := *(*uint32)(unsafe.Pointer(&w.counts)); got != want {
			t.Errorf("%d is stored, %d lies where assembly reads", want, got)
		}
	}
}

func TestTheWordsHaveTheirCacheLineAlone(t *testing.T) {
	from, to := unsafe.Offsetof(shared.rate), unsafe.Offsetof(shared.counts)+unsafe.Sizeof(shared.counts)
	if from < cacheLine || unsafe.Sizeof(shared)-to < cacheLine {
		t.Errorf("they lie at %d to %d of %d bytes", from, to, unsafe.Sizeof(shared))
	}
}

// needCounter lets a test change where ticks come from, and puts all back after it.
func needCounter(t *testing.T) {
	if counting == nil {
		t.Skipf("ticks do not come from a counter here: %s", Reason())
	}
	supervising.Lock()
	s := *counting
	s.pairs = append([]pair(nil), counting.pairs...)
	supervising.Unlock()
	t.Cleanup(func() {
		supervising.Lock()
		defer supervising.Unlock()
		counting = &s
		shared.rate.Store(fixed(s.rate))
		shared.counts.Store(1)
		continued.Store(nil)
		due.Store(s.due())
		reason.Store("")
		empty = unknown
	})
}

// age lets the last pair be a second old, as if ticks had then run by the given number of parts per million faster than they do.
func age(ppm float64) {
	supervising.Lock()
	defer supervising.Unlock()
	last := tightest()
	counting.settled = true
	counting.pairs = []pair{{
		ticks: last.ticks - int64(1e9/counting.rate*(1+ppm/1e6)),
		nano:  last.nano - 1e9,
	}}
	due.Store(0)
}

func TestSuperviseRenewsTheRate(t *testing.T) {
	needCounter(t)
	was := counting.rate
	age(300)
	Supervise()
	if Source() == "monotonic" {
		t.Fatal(Reason())
	}
	if ppm := (was/counting.rate - 1) * 1e6; ppm < 290 || ppm > 310 {
		t.Errorf("renewed by %.1f ppm, want 300", ppm)
	}
	if shared.rate.Load() != fixed(counting.rate) {
		t.Error("ticks are converted at another rate")
	}
	if due.Load() < nanotime() {
		t.Error("the next turn is due already")
	}
}

func TestSuperviseDropsACounterThatMisbehaves(t *testing.T) {
	for name, ppm := range map[string]float64{"fast": 1e5, "slow": -1e5} {
		t.Run(name, func(t *testing.T) {
			needCounter(t)
			age(ppm)
			Supervise()
			if Source() != "monotonic" || !strings.Contains(Reason(), "off by") {
				t.Errorf("%s: %q", Source(), Reason())
			}
			if due.Load() != never {
				t.Error("what was dropped is supervised")
			}
			due.Store(0) // as another goroutine may have read it
			Supervise()
			from, began := Ticks(), nanotime()
			for nanotime()-began < int64(time.Millisecond) {
			}
			if got := Nanos(Ticks() - from); got < int64(time.Millisecond) {
				t.Errorf("%d ns of ticks in a millisecond", got)
			}
		})
	}
}

// Timings that began before the fallback and end after it are as long as by the monotonic clock, and no goroutine sees ticks go back.
func TestTimingsOverTheFallbackComeOutRight(t *testing.T) {
	needCounter(t)
	Correct([]int64{20})
	supervising.Lock()
	counting.pairs = append(counting.pairs, tightest())
	within := Nanos(counting.last().width) + 1000
	supervising.Unlock()

	var timers sync.WaitGroup
	var dropped atomic.Bool
	begun := make(chan struct{}, 2)
	for range cap(begun) {
		timers.Go(func() {
			outer, from, previous := nanotime(), Ticks(), Ticks()
			inner := nanotime()
			begun <- struct{}{}
			for last := false; !last; {
				last = dropped.Load()
				now := Ticks()
				if now < previous && Nanos(previous-now) > within {
					t.Errorf("ticks went back by %d ns", Nanos(previous-now))
					return
				}
				previous = now
			}
			least := nanotime() - inner
			took := Nanos(Ticks() - from)
			most := nanotime() - outer
			if took < least-least/1000-within || took > most+most/1000+within {
				t.Errorf("%d ns, want %d to %d", took, least, most)
			}
		})
	}
	for range cap(begun) {
		<-begun
	}
	supervising.Lock()
	drop(errTest)
	supervising.Unlock()
	dropped.Store(true)
	timers.Wait()
	if Source() != "monotonic" || Reason() != errTest.Error() {
		t.Errorf("%s: %q", Source(), Reason())
	}
	if Correct([]int64{70}); EmptyBlock() != 70 {
		t.Errorf("%d ticks are taken off, where readings of the new source take 70", EmptyBlock())
	}
}

type testError string

func (e testError) Error() string { return string(e) }

const errTest = testError("a test wants it")
