package zibrato

import (
	"runtime"
	"time"
)

const (
	// passEvery is how long the drain waits between passes, even while much is recorded, where nothing presses. A drain that chases the producers
	// takes their cache lines away and makes every call dearer.
	passEvery = 10 * time.Millisecond
	// Each pass costs a wake-up, so it waits longer while less is recorded: until about so many records have come, or so much time has passed.
	passRecords = 8192
	passSamples = 40 * time.Millisecond  // where single samples are wanted
	passSeldom  = 250 * time.Millisecond // where not
	// While every processor is busy it lets so much come instead that what comes in passLate finds room in the rest of the ring: between passFewest and passMost of it. See pacer.
	passLate   = 30 * time.Millisecond // three turns: for so long it may be kept from a processor
	passMost   = 1. / 2                // more wakes it early, see ring.Ring.Filling
	passFewest = 1. / 3
	// passHeavy is the part of the ring that a pass has to find for the drain to yield instead of to wait.
	passHeavy = 8
	// It waits so many times longer than the last time at most, since a rate may rise: passSlower where a processor has nothing to do, so that who has just begun to listen
	// need not wait for his first samples, and passSlowerBusy where none has. Half of the ring wakes the drain in any case.
	passSlower     = 2
	passSlowerBusy = 4
	// passLeast is how long it waits at least even when the ring fills, and for how long it has to be kept from a processor to take all of them for busy.
	passLeast = time.Millisecond
)

// pacer decides how long the drain waits between its passes.
//
// While some processor has nothing to do a pass is nobody's loss, and many small ones find their records in the caches. While all of them are busy
// each pass stops somebody for as long as it takes, and has waited for the end of somebody's turn before. Then few large ones are better: of 10⁸ calls
// of a function of a microsecond fewer are held up.
type pacer struct {
	room  int           // for how many records the ring has memory
	begun time.Time     // when the last pass began
	late  time.Duration // how long the drain last was kept from a processor
}

func newPacer(room int) *pacer { return &pacer{room: room, begun: time.Now()} }

// begin notes that a pass begins, and returns the time since the one before did.
func (p *pacer) begin() (elapsed time.Duration) {
	now := time.Now()
	elapsed = now.Sub(p.begun)
	p.begun = now
	return elapsed
}

// wait returns how long to wait after a pass, which found so much of that time, for the next one to begin longest after this one at most.
//
// When every processor is busy, a goroutine that can run waits for the end of one other's turn, 10 ms or so, where there are as many goroutines as processors. One that waits
// for a timer waits two or three times as long: the timer is not looked at before the end of a turn. So after a pass that found so much that there is no
// time for it, wait yields, and wants the next pass at once.
func (p *pacer) wait(found int, elapsed, longest time.Duration) time.Duration {
	room := float64(p.room)
	want := room - float64(found)*float64(passLate)/float64(max(elapsed, 1))
	want = max(room*passFewest, min(want, room*passMost))
	wait := passSlowerBusy * elapsed
	if p.late < passLeast {
		want = min(want, passRecords)
		wait = passSlower * elapsed
	}
	if found > 0 {
		wait = min(wait, time.Duration(float64(elapsed)*want/float64(found)))
	}
	wait = min(wait, longest) - p.late // which comes on top
	if wait < passEvery && found > p.room/passHeavy {
		begun := time.Now()
		runtime.Gosched()
		if late := time.Since(begun); late >= passLeast {
			p.late = late
			return 0
		}
	}
	return max(wait, passEvery)
}
