package forwarder

import (
	"time"

	"go.uber.org/atomic"
)

const (
	// calm is how long libzmq's threads may take to notice that a connection is gone, and rounds how often it hands over between them and the loop
	// until all that the connection leaves behind is with the loop.
	calm   = 20 * time.Millisecond
	rounds = 3
)

// aftermath is what subscribers leave behind that said much: a flood. What one said before it was cut or left is with libzmq, which besides
// searches all topics for its when it is gone, and nothing tells how much of that is still to do. But the loop answers a question
// only when no request waits for it: what a flood has left behind is over when that has happened a few times.
//
// The gate's goroutine owns it; the loop counts answers.
type aftermath struct {
	answered atomic.Uint64 // first, so that it is aligned on 32-bit platforms
	asked    uint64        // questions
	over     uint64        // as many answers as this say that it is over
	bytes    int           // that floods have sent since there was none of it
	since    time.Time     // when the last subscriber that said much was seen to be gone
}

// add notes that a subscriber is gone that has sent so much.
func (a *aftermath) add(bytes int, now time.Time) {
	a.since = now
	a.bytes += bytes
	a.over = a.asked + rounds // a question that was asked before says nothing
}

// open reports whether lasts is to be called.
func (a *aftermath) open() bool { return a.bytes > 0 || a.answered.Load() < a.over }

// lasts reports whether it may not be over, and asks if there is no question yet. It is called until it says no.
func (a *aftermath) lasts(ask func(), now time.Time) bool {
	answered := a.answered.Load()
	if answered >= a.over {
		a.bytes = 0
		return false
	}
	if answered == a.asked && now.Sub(a.since) >= calm {
		a.asked++
		ask()
	}
	return true
}
