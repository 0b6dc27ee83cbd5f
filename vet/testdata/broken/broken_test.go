package broken

import (
	"errors"
	"testing"
	"time"

	"github.com/zibrato/zibrato/zibratotest"
)

// What was repaired measures all of the work, once.
func TestWorkIsMeasured(t *testing.T) {
	measured := zibratotest.Capture(t)
	const long = 10 * time.Millisecond
	failed := errors.New("failed")
	work := func() error { time.Sleep(long); return failed }
	for _, f := range []func(func() error) error{byName, byInstrument, statement} {
		if err := f(work); err != failed {
			t.Error(err)
		}
	}
	check := func(name string, d []time.Duration) {
		if len(d) != 1 || d[0] < long {
			t.Errorf("%s: %v, want one timing of at least %v", name, d, long)
		}
	}
	check("by.name", measured.Durations("by.name"))
	check("with.error", measured.Durations("with.error", zibratotest.Tag("outcome", "error")))
	check("db.query", measured.Durations("db.query"))
	check("statement", measured.Durations("statement"))
}
