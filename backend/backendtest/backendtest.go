// Package backendtest tests that a sink keeps the contract of [backend.Sink], as testing/slogtest does for log handlers.
//
// The author of a sink writes a [Harness]: how to start a receiving side ([Target]), how to make a sink that writes to
// it, and what of a window the two can express. [Run] then puts the sink through everything that the contract asks for,
// each check a subtest of its own:
//
//	func TestSinkKeepsTheContract(t *testing.T) {
//		backendtest.Run(t, backendtest.Harness{
//			NewTarget: func() (backendtest.Target, error) { return newServer() },
//			Secrets:   []string{token},
//		})
//	}
//
// A failure says what was seen and which rule it breaks. A check is skipped when the target cannot be made to behave as
// the check needs it: a target that is only scraped cannot hang.
//
// Run the suite under the race detector too: several checks read or overwrite a window's memory at moments when the
// sink must not touch it, and only the detector sees everything that goes wrong there. The checks for goroutines look at the
// whole process, so nothing else may run in parallel with the suite.
package backendtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
)

// Harness tells the suite what it needs to know about a sink.
type Harness struct {
	// NewTarget starts a receiving side that has received nothing yet. Every check asks for one of its own. Required.
	NewTarget func() (Target, error)

	// Express turns what a window says about a series into what arrives when sink and target do what they document:
	// it clears the fields that they cannot carry and applies the sink's rules for names. A series that they cannot carry
	// at all does not arrive; the sink may reject it or leave it out in silence. Express may change p. Nil: everything arrives as
	// it is.
	Express func(p Point) (expressed Point, arrives bool)

	// Appends says that the target shows a window as often as it was written, as a stream does that cannot know one
	// write from another. Without it a window must be there once, however often it was written.
	Appends bool

	// Secrets must not stand in any error: passwords, tokens, and what they look like on the wire where that is more
	// than an escape or base64 of them.
	Secrets []string

	// Settle is how long a target that takes in asynchronously may need to show what a Write delivered. 0: it is there
	// when Write returns.
	Settle time.Duration

	// Prompt is how long Write or Close may go on after their context ended, and when the context of a Write to a failing
	// target ends. 0: ten seconds. The contract speaks of milliseconds; the default leaves room for a crowded machine.
	Prompt time.Duration

	// Tolerance is the relative error that the target's own arithmetic may add to deviations and quantiles. 0: 1e-9.
	// Counts, minima, maxima and last values must be exact, sums to the last bit of a float64.
	Tolerance float64
}

// Target is the receiving side of one sink: a server, a file, a pipe. Its methods are called from one goroutine at a
// time, though not from the one that calls the sink.
type Target interface {
	// NewSink makes a sink that writes to this target. It is called once. What the target itself starts should run
	// before, or end with the sink's connections: goroutines that appear later and stay are held to be the sink's.
	NewSink() (backend.Sink, error)

	// Arrived returns all that has arrived so far, in that order; a target that keeps no order sorts by time.
	Arrived() ([]Point, error)

	// Behave makes the target behave so from now on. What hangs goes on, or fails, when the target stops hanging. One
	// that cannot behave so says errors.ErrUnsupported and the checks that need it are skipped; Serve is never refused.
	Behave(Behaviour) error

	// Close ends the target and frees what it holds.
	Close() error
}

// Behaviour is how a target meets what the sink sends.
type Behaviour int

// The ways in which targets behave. A new target serves.
const (
	Serve  Behaviour = iota // takes everything
	Hang                    // is there but takes nothing and answers nothing, so that no Write of a large window can end
	Fail                    // takes nothing and says, at once, that it cannot just now
	Reject                  // takes everything but series named Unwanted, which it refuses for good
)

// Unwanted is the name of the series that a target refuses while it behaves as Reject.
const Unwanted = "backendtest.unwanted"

// String returns the behaviour's name in lower case.
func (b Behaviour) String() string {
	names := [...]string{"serve", "hang", "fail", "reject"}
	if b < 0 || int(b) >= len(names) {
		return fmt.Sprintf("behaviour(%d)", int(b))
	}
	return names[b]
}

// Run puts the sink through every check. It takes a few seconds at most where nothing fails.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.NewTarget == nil {
		t.Fatal("backendtest: Harness.NewTarget is nil: there is nothing to test")
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			err := c.on(h)
			if cannot := (*unsupported)(nil); errors.As(err, &cannot) {
				t.Skip(cannot)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// check is one thing that the contract asks for.
type check struct {
	name string
	rule string // what the contract asks for, and why where that is not plain
	run  func(*trial) error
}

var checks = [...]check{
	emptyWindow, everyKind, extremeNumbers, missingDetail, namesAndTags, manySeries, windowsInOrder, sameWindowTwice,
	windowUnchanged, windowShared, windowNotKept,
	endedContext, hangingTarget, failingTarget, rejectedSeries,
	closing, closingWhileHanging, noGoroutineLeft,
}

// on runs the check on a target and a sink of its own. The error says what was seen and what the rule is.
func (c *check) on(h Harness) error {
	t, err := newTrial(h)
	if err != nil {
		return fmt.Errorf("backendtest: %w", err)
	}
	err = c.run(t)
	if ended := t.end(); err == nil {
		err = ended // after a first finding, what else goes wrong is a consequence as a rule
	}
	if err != nil {
		return fmt.Errorf("%w\nthe rule: %s", err, c.rule)
	}
	return nil
}

// unsupported says that a check cannot be made with this target.
type unsupported struct{ behaviour Behaviour }

func (u *unsupported) Error() string { return "the target cannot " + u.behaviour.String() }
