// Package zibratotest lets tests see what instrumented code measures.
//
//	rec := zibratotest.New(t)
//	serve(rec.Recorder)
//	if n := rec.Calls("requests", zibratotest.Tag("status", "500")); n != 0 { … }
//
// [New] gives a recorder of its own, all levels of which are watched. [Capture] looks at the default recorder, for code that calls the
// functions of package zibrato. Every reading first flushes, so that it sees all that was recorded before it; nothing sleeps.
// [Overhead] states in a benchmark what a piece of instrumentation costs.
package zibratotest

import (
	"context"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
)

// Recorder is a recorder whose samples a test can read. Its methods may be called from any goroutine.
type Recorder struct {
	*zibrato.Recorder
	*Log
}

// New returns a recorder of the test's own. It is closed when the test ends. Of several configurations the first counts.
func New(t testing.TB, config ...zibrato.Config) *Recorder {
	t.Helper()
	var c zibrato.Config
	if len(config) > 0 {
		c = config[0]
	}
	r := zibrato.New(c)
	l := attach(t, r)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing the recorder: %v", err)
		}
	})
	return &Recorder{r, l}
}

// Capture reads what the default recorder gains from now until the test ends. The default recorder is shared by the whole
// program: what parallel tests measure is seen too. It can no longer be configured after that.
func Capture(t testing.TB) *Log {
	t.Helper()
	return attach(t, zibrato.Default())
}

func attach(t testing.TB, r *zibrato.Recorder) *Log {
	t.Helper()
	l := &Log{t: t, series: map[uint32]*seen{}}
	tap, err := r.Attach(l.deliver)
	if err != nil {
		t.Fatalf("attaching to the recorder: %v", err)
	}
	l.tap = tap
	all := func(zibrato.Level) bool { return true }
	tap.Watch(all, all)
	// What was there before must not count: a flush brings it as totals.
	l.flush()
	l.begin()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := tap.Close(ctx); err != nil {
			t.Errorf("detaching from the recorder: %v", err)
		}
	})
	return l
}

// patience bounds what never takes long; it only ends tests that would hang.
const patience = 30 * time.Second
