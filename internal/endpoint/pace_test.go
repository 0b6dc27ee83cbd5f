//go:build cgo

package endpoint

import (
	"testing"
	"time"
)

func TestWhoIsAwayForLongIsLookedForSlowly(t *testing.T) {
	var p Pace
	now := time.Unix(1, 0)
	for _, step := range []struct {
		after     time.Duration
		connected bool
		turns     bool
		most      time.Duration
	}{
		{0, false, false, Quick},
		{quickFor - 1, false, false, Quick},
		{1, false, true, slow},
		{time.Hour, false, false, slow},
		{time.Second, true, false, slow}, // what is there is left alone
		{time.Hour, true, false, slow},
		{time.Second, false, true, Quick},
		{time.Second, false, false, Quick},
		{0, true, false, Quick},
		{time.Hour, false, false, Quick},
		{quickFor, false, true, slow},
	} {
		now = now.Add(step.after)
		if turns := p.Turn(step.connected, now); turns != step.turns || p.Most() != step.most {
			t.Errorf("%+v: it turns: %v, waits %v", step, turns, p.Most())
		}
	}
}
