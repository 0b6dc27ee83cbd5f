package ring

import (
	"testing"
	"time"
)

// Who has yielded long enough, or saw that nobody waits, yields again only when the drain has made room, not with each segment of one that does not keep up.
func TestAPatienceEndsUntilThereIsRoom(t *testing.T) {
	r := New(16*SegmentBytes, 1)
	s := newShard()
	var taken []*segment
	fill := func() {
		for used := r.made - len(r.free); used <= 12; used++ {
			taken = append(taken, r.take())
		}
	}
	empty := func(n int) {
		for range n {
			r.giveBack(taken[0])
			taken = taken[1:]
		}
	}
	ends := map[string]func(){
		"many yields": func() {
			r.patient = time.Hour
			for range maxYields {
				r.yields(s)
			}
		},
		"a turn": func() {
			r.patient = time.Nanosecond
			r.yields(s)
			time.Sleep(time.Millisecond)
		},
		"nobody waits": func() {
			r.patient = time.Hour
			r.yields(s)
			s.alone = surelyAlone
		},
	}
	if r.yields(s) != 0 {
		t.Error("yields while there is room")
	}
	for what, end := range ends {
		fill()
		r.patient = time.Hour
		if r.yields(s) == 0 {
			t.Errorf("%s: does not yield to begin with", what)
		}
		end()
		if r.yields(s) != 0 {
			t.Errorf("%s: goes on to yield", what)
		}
		empty(1)
		fill()
		if r.yields(s) != 0 {
			t.Errorf("%s: yields for a segment that came back", what)
		}
		empty(len(taken) - 4)
	}
}
