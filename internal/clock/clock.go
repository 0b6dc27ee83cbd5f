// Package clock is the clock of the hot path: ticks that cost a fraction of time.Now, and their conversion to nanoseconds and to
// wall time.
//
// A tick has one unit for the life of the process, settled by the first [Calibrate]. Where the processor's counter (the TSC of
// amd64, CNTVCT_EL0 of arm64) can be trusted, it is one step of that counter; elsewhere it is a nanosecond of the monotonic clock.
// Only differences of ticks mean anything: [Nanos] converts them, [Wall] dates a moment of the recent past.
//
// # How the counter is trusted
//
// On amd64 the processor must state that its TSC is invariant, that is, runs at one rate in all power states (Intel SDM vol. 3B,
// 18.17.1 "Invariant TSC"; AMD APM vol. 3, appendix E, function 8000_0007h). On Linux the kernel, which compares the TSCs of all
// processors and watches them, must keep time by it, too, or by a hypervisor's clock that is the TSC with an offset and a scale. The counter of arm64 has a fixed frequency and is the same on all
// processors by architecture. Neither is used where reading it is no cheaper than the monotonic clock, as where a hypervisor or the
// kernel emulates it.
//
// # How it is supervised
//
// Its rate is measured against the monotonic clock, and measured again every second over the last several, so that ticks follow the
// slewing of that clock by NTP. A counter that goes back, jumps, or changes its rate, as when a virtual machine migrates or a laptop
// sleeps, is dropped for good: from then on ticks are computed from the monotonic clock at the last good rate, continuous with the
// last good reading, so that what began on the good counter and ends after the fallback comes out right. What was read between the
// fault and its discovery, about a second, may be wrong. Processors of a machine may disagree by some ticks, so a difference may be
// negative; it counts as 0.
package clock

import (
	"math"
	"runtime"
	"sync"
	"time"

	"go.uber.org/atomic"
)

const (
	// The first rate is measured over a time from shortest to longest: over less it is uncertain, over more the counter may have done
	// what nobody supervised.
	shortest = time.Millisecond
	longest  = 10 * time.Second

	never = math.MaxInt64

	unknown = -1.0 // empty before the first reading, and where ticks have come to be something else
)

var (
	begun = tightest() // so that Calibrate need not wait as a rule

	calibration sync.Once
	supervising sync.Mutex  // guards counting and empty
	counting    *supervisor // nil unless ticks come from the counter
	empty       = unknown   // what EmptyBlock returns, exactly
	due         = atomic.NewInt64(never)
	reason      = atomic.NewString("not calibrated yet")
)

func init() { shared.rate.Store(one) }

// Calibrate settles where ticks come from and makes [Nanos] and [Wall] usable. It takes a few microseconds, and up to a
// millisecond if the process has just begun. Ticks that were read before it has returned for the first time must not be used after.
// Any goroutine may call it, any number of times.
func Calibrate() {
	calibration.Do(func() {
		if err := start(); err != nil {
			reason.Store(err.Error())
		}
	})
}

// start starts using the counter, or says why not.
func start() error {
	if err := trusted(); err != nil {
		return err
	}
	if err := cheap(); err != nil {
		return err
	}
	from := begun
	if nanotime()-from.nano > int64(longest) {
		from = tightest()
	}
	for nanotime()-from.nano < int64(shortest) {
		runtime.Gosched() // not a sleep, whose time might be a test's
	}
	s, err := newSupervisor(from, tightest())
	if err != nil {
		return err
	}
	supervising.Lock()
	defer supervising.Unlock()
	counting = s
	shared.rate.Store(fixed(s.rate))
	due.Store(s.due())
	reason.Store("")
	shared.counts.Store(1)
	return nil
}

// Supervise renews the calibration and checks that the counter behaves. It is to be called about once a second, by any goroutine, and
// returns at once when called more often.
func Supervise() {
	if nanotime() < due.Load() || !supervising.TryLock() {
		return
	}
	defer supervising.Unlock()
	if counting == nil { // dropped since due was read
		return
	}
	if err := counting.step(tightest()); err != nil {
		drop(err)
	} else {
		shared.rate.Store(fixed(counting.rate))
		due.Store(counting.due())
	}
}

// drop lets ticks come from the monotonic clock from now on. The rate of [Nanos] stays the one by which they are computed.
func drop(why error) {
	last := counting.last()
	shared.rate.Store(fixed(counting.rate))
	continued.Store(&line{last, fixed(1 / counting.rate)})
	shared.counts.Store(0) // after what it lets readers use
	counting = nil
	empty = unknown
	due.Store(never)
	reason.Store(why.Error())
}

// Source says where ticks come from: "tsc", "cntvct" or "monotonic".
func Source() string {
	if shared.counts.Load() != 0 {
		return counterName
	}
	return "monotonic"
}

// Reason says why ticks do not come from the processor's counter; it is empty when they do.
func Reason() string { return reason.Load() }

// EmptyBlock is what the timing of an empty block reads, in ticks: the time between the moments at which its two calls of [Ticks]
// read the clock, as the last calls of [Correct] told. Subtract it from a timing, and take what is then negative as 0.
func EmptyBlock() int64 { return shared.empty.Load() }

// Correct renews what [EmptyBlock] returns, by what timings of empty blocks have just read, which it sorts. There must be one at least. Few readings at a time
// are enough, many times a second: it goes a quarter of the way from what it was to the mean of these. Any goroutine may call it.
func Correct(readings []int64) {
	supervising.Lock()
	defer supervising.Unlock()
	now := typical(readings)
	if empty == unknown {
		empty = now
	}
	empty += (now - empty) / 4
	if now := int64(math.Round(empty)); now != shared.empty.Load() { // every call reads the line
		shared.empty.Store(now)
	}
}
