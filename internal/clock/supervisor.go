package clock

import (
	"fmt"
	"math"
	"time"
)

const (
	// slew is by how much the rate may differ from the first. The kernel's discipline corrects the monotonic clock by up to 500 ppm in
	// frequency and as much in phase (https://man7.org/linux/man-pages/man2/adjtimex.2.html); chrony turns harder at that where the
	// clock is off by much. What passes is small, since the rate is renewed: half a percent for some seconds, or a jump by 5 ms.
	// Dropping a good counter would make every timing dearer, for good.
	slew = 5000e-6
	// window is how many pairs, about a second apart, the rate is measured over.
	window = 8
	// widest is the least certain pair that is used.
	widest = 10 * time.Microsecond

	settleAfter = 100 * time.Millisecond
	renewEvery  = time.Second
)

// pair is a moment in both clocks. They were read at times that lie up to width ticks apart.
type pair struct{ ticks, nano, width int64 }

// tightest takes the best of several pairs: one during which the goroutine was not interrupted.
func tightest() pair {
	var best pair
	for range 8 {
		before, nano, after := counter(), nanotime(), counter()
		if width := after - before; width >= 0 && (best.nano == 0 || width < best.width) {
			best = pair{before + width/2, nano, width}
		}
	}
	return best
}

// supervisor is what is known of the counter. It knows of time only what it is told in pairs.
type supervisor struct {
	pairs   []pair  // the recent ones, the oldest first
	rate    float64 // nanoseconds per tick over these pairs
	first   float64 // the first rate, which others are compared with
	doubt   float64 // by what share of it first may be wrong, because its pairs have widths
	settled bool    // first was measured over settleAfter at least
}

func newSupervisor(from, to pair) (*supervisor, error) {
	rate, doubt := slope(from, to)
	if !(rate > 0.05 && rate <= 1000) { // from 1 MHz, the least that arm64 allows, to 20 GHz
		return nil, fmt.Errorf("the counter made %d ticks in %d ns", to.ticks-from.ticks, to.nano-from.nano)
	}
	return &supervisor{pairs: append(make([]pair, 0, window), from, to), rate: rate, first: rate, doubt: doubt}, nil
}

// slope is the rate between two pairs, and by what share of it it may be wrong.
func slope(from, to pair) (rate, doubt float64) {
	ticks := float64(to.ticks - from.ticks)
	return float64(to.nano-from.nano) / ticks, float64(from.width+to.width) / 2 / ticks
}

func (s *supervisor) last() pair { return s.pairs[len(s.pairs)-1] }

// due says when, in nanoseconds of the monotonic clock, the next step is due.
func (s *supervisor) due() int64 {
	if !s.settled {
		return s.last().nano + int64(settleAfter)
	}
	return s.last().nano + int64(renewEvery)
}

// step checks a new pair against what is known and renews the rate. After an error the counter is no longer to be used, and the last
// pair and the rate are those of before.
func (s *supervisor) step(p pair) error {
	last := s.last()
	if p.nano < s.due() || float64(p.width)*s.rate > float64(widest) {
		return nil
	}
	ticks, nano := p.ticks-last.ticks, p.nano-last.nano
	if ticks <= 0 {
		return fmt.Errorf("the counter went back by %d ticks within %v", -ticks, time.Duration(nano))
	}
	if off := float64(ticks)*s.first/float64(nano) - 1; math.Abs(off) > slew+s.doubt {
		return fmt.Errorf("the counter was off by %+.0f ppm for %v", off*1e6, time.Duration(nano))
	}
	if len(s.pairs) == window {
		s.pairs = append(s.pairs[:0], s.pairs[1:]...)
	}
	s.pairs = append(s.pairs, p)
	var doubt float64
	s.rate, doubt = slope(s.pairs[0], p)
	if !s.settled {
		s.first, s.doubt, s.settled = s.rate, doubt, true
	}
	return nil
}

// line continues the ticks of a counter that was dropped.
type line struct {
	from pair
	rate uint64 // ticks per nanosecond, fixed-point
}

func (l *line) at(nano int64) int64 {
	return l.from.ticks + int64(scale(uint64(max(nano-l.from.nano, 0)), l.rate))
}
