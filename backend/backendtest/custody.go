package backendtest

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/zibrato/zibrato/metric"
)

var windowUnchanged = check{
	name: "the window is not changed",
	rule: "A sink does not change the window or anything in it: other sinks get the same one.",
	run: func(t *trial) error {
		c := contents(0, append(oneOfEachKind(), namedSeries()...)...)
		w := c.window()
		if err := t.hand(c, w); err != nil {
			return err
		}
		return changed(w, c.window())
	},
}

var windowShared = check{
	name: "the window is shared",
	rule: "A sink does not change the window for a moment either: other sinks read it at the same time.",
	run: func(t *trial) error {
		c := contents(0, append(oneOfEachKind(), namedSeries()...)...)
		w, untouched := c.window(), c.window()
		// This is another sink, reading all the time. What it misses, the race detector sees.
		stop, seen := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				err := changed(w, untouched)
				select {
				case <-stop:
				default:
					if err == nil {
						continue
					}
				}
				seen <- err
				return
			}
		}()
		err := t.hand(c, w)
		close(stop)
		return errors.Join(err, <-seen)
	},
}

// changed says what in a window is not as it was.
func changed(w, was *metric.Window) error {
	if len(w.Series) != len(was.Series) {
		return fmt.Errorf("the window has %d series instead of %d", len(w.Series), len(was.Series))
	}
	for i := range w.Series {
		a, b := &w.Series[i], &was.Series[i]
		if !reflect.DeepEqual(a, b) {
			return fmt.Errorf("series %d of the window was changed\n\tfrom %+v of %+v\n\tto   %+v of %+v", i, *b, *b.Series, *a, *a.Series)
		}
	}
	if !w.Start.Equal(was.Start) || !w.End.Equal(was.End) || w.Interval != was.Interval {
		return fmt.Errorf("the window's time was changed from %v to %v", was.Start, w.Start)
	}
	return nil
}

var windowNotKept = check{
	name: "the window is not kept",
	rule: "After Write returned, a sink keeps neither the window nor anything in it, the Series it points to included: the " +
		"backend may fill the same memory with something else. (Strings may be kept; they never change.)",
	run: func(t *trial) error {
		var windows []content
		for n := range 3 {
			c := contents(n, append(oneOfEachKind(), namedSeries()...)...)
			w := c.window()
			if err := t.hand(c, w); err != nil {
				return err
			}
			scribble(w)
			windows = append(windows, c)
			if err := t.arrived(1, windows...); err != nil {
				return fmt.Errorf("once the memory of the windows written so far was overwritten: %w", err)
			}
		}
		if _, broken := t.close(patience); broken != nil {
			return broken
		}
		return t.arrived(1, windows...)
	},
}
