package zibrato

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// Each pass costs some microseconds: about one a second keeps an idle process far below a thousandth of a core.
func TestAnIdleDrainHardlyPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{})
		tap, err := r.Attach(func(*metric.Batch) {})
		if err != nil {
			t.Fatal(err)
		}
		tap.Watch(nil, func(Level) bool { return true })
		r.Inc("c")
		passes := func() uint64 {
			r.draining <- struct{}{}
			defer func() { <-r.draining }()
			return r.passes
		}
		time.Sleep(time.Minute)
		before := passes()
		time.Sleep(time.Hour)
		if n := passes() - before; n > 2*3600 {
			t.Errorf("%d passes in an idle hour", n)
		}
		if err := tap.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
