//go:build linux && amd64 && gc && !race && !zibrato_portable

package zibrato

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// recorded drains a recorder that nobody consumes, and returns its records of a timer.
func recorded(r *Recorder, t *Timer) (found []metric.Record) {
	r.ring.Drain(func(recs []metric.Record) {
		for _, rec := range recs {
			if rec.Series == t.id {
				found = append(found, rec)
			}
		}
	})
	return found
}

// switchOn switches level info on, for the length of a test, without a consumer, whose drain would take the records.
func switchOn(t *testing.T) {
	t.Helper()
	turn := func(on uint32) {
		std.mu.Lock()
		defer std.mu.Unlock()
		std.levels[LevelInfo].turn(on)
	}
	turn(1)
	t.Cleanup(func() {
		turn(0)
		tap, err := std.Attach(func(*metric.Batch) {}) // what was recorded is not for the next test
		if err != nil {
			t.Fatal(err)
		}
		if err := tap.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// counted returns what a counter of the default recorder has counted.
func counted(name string) (calls uint64, sum int64) {
	return std.ring.Cell(stdKnown.counter(name).s.id)
}

func TestIncOfAConstantCountsEachCallOnce(t *testing.T) {
	switchOn(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const name = "whole.inc"
	inc(name) // finds it slowly
	want, _ := counted(name)
	for _, procs := range []int{1, 2, 20, 3, 50} {
		runtime.GOMAXPROCS(procs)
		var wg sync.WaitGroup
		for range 2 * procs {
			wg.Go(func() {
				for i := range 1000 {
					inc(name)
					if i%50 == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		wg.Wait()
		want += uint64(2 * procs * 1000)
		if n, sum := counted(name); n != want || sum != int64(want) {
			t.Fatalf("GOMAXPROCS %d: %d calls with sum %d, want %d of each", procs, n, sum, want)
		}
	}
}

// A constant may begin another one, and their hashes may name one slot.
func TestNamesAtOneAddressAreTwo(t *testing.T) {
	switchOn(t)
	long := "whole.address.long"
	short := long[:13]
	inc(long)
	inc(short)
	stopNamed(long, 1, 0)
	stopNamed(short, 1, 0)
	recorded(std, stdKnown.timer(long))
	longBefore, _ := counted(long)
	shortBefore, _ := counted(short)
	for range 3 {
		stdKnown.counters.found.slot(hashAddress(0, short)).Store(stdKnown.counters.found.slot(hashAddress(0, long)).Load())
		inc(short)
		stdKnown.timers.found.slot(hashAddress(0, short)).Store(stdKnown.timers.found.slot(hashAddress(0, long)).Load())
		stopNamed(short, 1, 0)
	}
	for name, want := range map[string]uint64{long: longBefore, short: shortBefore + 3} {
		if n, _ := counted(name); n != want {
			t.Errorf("%q was counted %d times, want %d", name, n, want)
		}
	}
	if n := len(recorded(std, stdKnown.timer(short))); n != 3 {
		t.Errorf("%q was timed %d times, want 3", short, n)
	}
}

// The record has the time of the end and what lies between it and the start.
func TestTheEndOfATimingIsRecorded(t *testing.T) {
	const name = "whole.timing"
	const long = 1 << 30
	r := New(Config{})
	timer := r.NewTimer("timer")
	stopNamed(name, 1, 0) // finds it slowly
	recorded(std, stdKnown.timer(name))
	for what, end := range map[string]struct {
		stop func(start int64)
		of   func() []metric.Record
	}{
		"Stop":          {func(start int64) { stopTimer(timer, start, 1<<63, 1<<63-1) }, func() []metric.Record { return recorded(r, timer) }},
		"Stop, slowly":  {func(start int64) { stopTimerSlowly(timer, start, 1, 1) }, func() []metric.Record { return recorded(r, timer) }},
		"named":         {func(start int64) { stopNamed(name, start, 0) }, func() []metric.Record { return recorded(std, stdKnown.timer(name)) }},
		"named, slowly": {func(start int64) { stopNamedSlowly(name, start, 0) }, func() []metric.Record { return recorded(std, stdKnown.timer(name)) }},
	} {
		for range 100 {
			before := clock.Ticks()
			end.stop(before - long)
			after := clock.Ticks()
			recs := end.of()
			if len(recs) != 1 {
				t.Fatalf("%s: %d records", what, len(recs))
			}
			rec := recs[0]
			if d := rec.Value.Int() - long; d < 0 || d > after-before {
				t.Fatalf("%s: it took %d ticks more than %d, want at most %d", what, d, long, after-before)
			}
			if rec.Time < uint32(before>>clock.CoarseShift) || rec.Time > uint32(after>>clock.CoarseShift)|1 || rec.Time%2 == 0 {
				t.Fatalf("%s: its time is %d, want an odd one from %d to %d", what, rec.Time, before>>clock.CoarseShift, after>>clock.CoarseShift)
			}
		}
	}
}

// Where there is no room the value counts as what it is: a time, whatever lay in the arguments' places.
func TestATimingWithoutRoomCountsInItsCell(t *testing.T) {
	clock.Calibrate()
	r := New(Config{RingBytes: ring.SegmentBytes})
	timer := r.NewTimer("timer")
	filler := r.NewTimer("filler")
	for lost := 0; lost < 10_000; lost++ { // on every processor
		for r.ring.Put(metric.Record{Series: filler.id, Value: metric.IntValue(1)}, ring.Int) {
		}
	}
	const ticks, calls = 1 << 30, 100
	for range calls {
		stopTimer(timer, clock.Ticks()-ticks, 1<<63, 1<<63-1)
	}
	kept := int64(len(recorded(r, timer)))
	n, sum := r.ring.Cell(timer.id)
	if int64(n)+kept != calls || n == 0 {
		t.Fatalf("%d calls are in the cell and %d in records, want %d in all", n, kept, calls)
	}
	if mean, want := sum/int64(n), clock.Nanos(ticks); mean < want*99/100 || mean > want*2 {
		t.Errorf("in the mean they took %d ns, want %d", mean, want)
	}
}

// The first timing without room whose series has no cells yet is made by a holder, which is told all that the assembly knew in registers.
func TestATimingWithoutRoomAndCellsCountsWhole(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	clock.Calibrate()
	r := New(Config{RingBytes: ring.SegmentBytes})
	var last *Timer
	for n := range 300 { // more than have cells beside each other
		last = r.NewTimer(strconv.Itoa(n))
	}
	for r.ring.Put(metric.Record{Value: metric.IntValue(1)}, ring.Int) {
	}
	const ticks = 1 << 30
	before := clock.Ticks()
	stopTimer(last, before-ticks, 1<<63, 1<<63-1)
	longest := clock.Nanos(ticks+clock.Ticks()-before) * 101 / 100
	if n, sum := r.ring.Cell(last.id); n != 1 || sum < clock.Nanos(ticks)*99/100 || sum > longest {
		t.Errorf("%d calls of %d ns, want one of %d to %d", n, sum, clock.Nanos(ticks), longest)
	}
}

// A timing that finds its segment full is ended by a holder when the clock has been read, and not when it is read for the second time.
func TestATimingThatNeedsAnotherSegmentIsRecordedAsItWas(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const long, calls = 1 << 30, 3*ring.SegmentBytes/16 + 1
	r := New(Config{})
	timer := r.NewTimer("timer")
	before := clock.Ticks()
	for range calls {
		stopTimer(timer, clock.Ticks()-long, 1<<63, 1<<63-1)
	}
	longest := clock.Ticks() - before + long
	recs := recorded(r, timer)
	if len(recs) != calls {
		t.Errorf("%d records, want %d", len(recs), calls)
	}
	for i, rec := range recs {
		if v := rec.Value.Int(); v < long || v > longest {
			t.Errorf("record %d: it took %d ticks, want %d to %d", i, v, long, longest)
		}
	}
}

func TestWhatIsWholeWakesTheDrain(t *testing.T) {
	switchOn(t)
	const name = "whole.wake"
	timer := std.NewTimer("whole.wake.timer")
	for what, call := range map[string]func(){
		"Inc":         func() { inc(name) },
		"Stop":        func() { stopTimer(timer, 1, 0, 0) },
		"end of Time": func() { stopNamed(name, 1, 0) },
	} {
		for range 3 { // the first finds it slowly
			wake := std.ring.Sleeping()
			call()
			select {
			case <-wake:
			default:
				t.Errorf("%s did not", what)
			}
			std.ring.Awake()
		}
	}
	if got := recorded(std, timer); !slices.ContainsFunc(got, func(r metric.Record) bool { return r.Series == timer.id }) {
		t.Error("nothing was recorded")
	}
}
