package zibrato

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The last report completes the counts a moment after one, or at the same reading of the clock. So short a time has no share worth telling.
func TestTheLastReportTellsNoShareOfAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{})
		c := collect(t, r, shareSeries)
		c.Watch(everything, nil)
		if err := c.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.draining <- struct{}{}
		time.Sleep(2 * reportEvery)
		r.Inc("c") // without a call there is nothing to report
		c.Report(Handled{Spent: time.Millisecond})
		r.pass(true)
		c.Report(Handled{Spent: time.Millisecond})
		r.final(c.Tap)
		<-r.draining
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if len(c.values) != 1 || c.values[0] < 0.0005 || c.values[0] > 0.0006 { // with that of the call
			t.Errorf("shares %v, want that of a millisecond in two seconds", c.values)
		}
	})
}
