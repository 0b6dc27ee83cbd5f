package zibrato

import (
	"testing"
	"time"
)

func TestThePaceOfPasses(t *testing.T) {
	const room = 1 << 20
	for _, c := range []struct {
		what    string
		late    time.Duration
		found   int
		elapsed time.Duration
		longest time.Duration
		want    time.Duration
	}{
		{"nothing", 0, 0, 20 * time.Millisecond, passSeldom, 40 * time.Millisecond},
		{"nothing for long", 0, 0, 200 * time.Millisecond, passSeldom, passSeldom},
		{"as much as a pass is for", 0, passRecords, 50 * time.Millisecond, passSeldom, 50 * time.Millisecond},
		{"half of it", 0, passRecords / 2, 50 * time.Millisecond, passSeldom, 100 * time.Millisecond},
		{"twice as much", 0, 2 * passRecords, 50 * time.Millisecond, passSeldom, 25 * time.Millisecond},
		{"much", 0, 100_000, 10 * time.Millisecond, passSeldom, passEvery},
		{"little where samples are wanted", 0, 10, 40 * time.Millisecond, passSamples, passSamples},
		{"a moment late", passLeast / 2, passRecords, 50 * time.Millisecond, passSeldom, 50*time.Millisecond - passLeast/2},
		{"all busy, a third of the ring", 15 * time.Millisecond, room / 3, 90 * time.Millisecond, passSeldom, 75 * time.Millisecond},
		{"all busy, little", 15 * time.Millisecond, 10_000, 100 * time.Millisecond, passSeldom, 185 * time.Millisecond},
		{"all busy, samples wanted", 15 * time.Millisecond, 10_000, 40 * time.Millisecond, passSamples, passSamples},
	} {
		p := newPacer(room)
		p.late = c.late
		if got := p.wait(c.found, c.elapsed, c.longest); got < c.want-time.Microsecond || got > c.want+time.Microsecond {
			t.Errorf("%s: waits %v, want %v", c.what, got, c.want)
		}
	}
}
