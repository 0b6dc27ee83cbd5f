package seldom

import (
	"testing"
	"time"
)

func TestALineIsDueAtOnceAndThenSeldom(t *testing.T) {
	begun := time.Unix(1, 0)
	var l Line
	for _, step := range []struct {
		after time.Duration
		count uint64
		since uint64
		due   bool
	}{
		{0, 3, 3, true},
		{time.Second, 5, 0, false},
		{10*time.Second - 1, 9, 0, false},
		{10 * time.Second, 9, 6, true},
		{19 * time.Second, 9, 0, false},
		{time.Hour, 10, 1, true},
	} {
		since, due := l.Due(step.count, 10*time.Second, begun.Add(step.after))
		if since != step.since || due != step.due {
			t.Errorf("after %v: %d %v, want %d %v", step.after, since, due, step.since, step.due)
		}
	}
	if n := l.Rest(14); n != 4 {
		t.Errorf("%d were not told of, want 4", n)
	}
}
