package clock

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A machine has a counter and a monotonic clock, whose rates differ from their nominal ones by some parts per million.
type machine struct {
	ticks, nano    float64
	ghz            float64
	counter, clock float64 // ppm
	random         *rand.Rand
}

func newMachine(ghz float64) *machine {
	return &machine{ticks: 1e12, nano: 5e11, ghz: ghz, random: rand.New(rand.NewPCG(3, 4))}
}

func (m *machine) pass(d time.Duration) {
	m.ticks += float64(d) * m.ghz * (1 + m.counter/1e6)
	m.nano += float64(d) * (1 + m.clock/1e6)
}

// pair reads both clocks, up to 30 ns apart.
func (m *machine) pair() pair {
	apart := m.random.Float64()*60 - 30
	return pair{int64(m.ticks + apart*m.ghz), int64(m.nano), int64(60 * m.ghz)}
}

// rate is the true number of nanoseconds per tick.
func (m *machine) rate() float64 { return (1 + m.clock/1e6) / m.ghz / (1 + m.counter/1e6) }

// run supervises for some time, and stops at an error.
func (m *machine) run(s *supervisor, d time.Duration) error {
	for ; d > 0; d -= time.Second {
		m.pass(time.Second)
		if err := s.step(m.pair()); err != nil {
			return err
		}
	}
	return nil
}

func supervised(t *testing.T, m *machine) *supervisor {
	from := m.pair()
	m.pass(shortest)
	s, err := newSupervisor(from, m.pair())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func assertRate(t *testing.T, s *supervisor, m *machine) {
	t.Helper()
	if off := (s.rate/m.rate() - 1) * 1e6; math.Abs(off) > 0.02 {
		t.Errorf("the rate is off by %.3f ppm", off)
	}
}

var frequencies = []float64{0.024, 1, 2.596, 5} // GHz

func TestASteadyCounterIsKeptAndItsRateIsExact(t *testing.T) {
	for _, ghz := range frequencies {
		m := newMachine(ghz)
		s := supervised(t, m)
		if err := m.run(s, time.Hour); err != nil {
			t.Error(err)
		}
		assertRate(t, s, m)
	}
}

func TestTheRateFollowsAClockThatIsSlewed(t *testing.T) {
	m := newMachine(2.596)
	s := supervised(t, m)
	for _, m.clock = range []float64{500, -500, 0, 37, 4000, -4000} {
		if err := m.run(s, 2*window*time.Second); err != nil {
			t.Fatalf("slewed by %v ppm: %v", m.clock, err)
		}
		assertRate(t, s, m)
	}
}

func TestTheFirstRateMayBeAsUncertainAsItsPairs(t *testing.T) {
	m := newMachine(2.596)
	from := m.pair()
	m.pass(shortest)
	to := m.pair()
	to.ticks += 10_000 // the goroutine was interrupted in every reading
	to.width = 22_000
	s, err := newSupervisor(from, to)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.run(s, time.Minute); err != nil {
		t.Error(err)
	}
	assertRate(t, s, m)
}

func TestMisbehaviourIsSeenAtOnce(t *testing.T) {
	for name, do := range map[string]func(m *machine){
		"jump forward":           func(m *machine) { m.ticks += 10e6 * m.ghz },
		"jump back a little":     func(m *machine) { m.ticks -= 10e6 * m.ghz },
		"jump back by an hour":   func(m *machine) { m.ticks -= 3600e9 * m.ghz },
		"reset":                  func(m *machine) { m.ticks = 1000 },
		"suspend":                func(m *machine) { m.ticks += 1800e9 * m.ghz }, // the monotonic clock stands still
		"migrated, faster":       func(m *machine) { m.counter = 150_000 },
		"migrated, slower":       func(m *machine) { m.counter = -150_000 },
		"migrated, nearly equal": func(m *machine) { m.counter = 6000 },
		"stopped":                func(m *machine) { m.ghz = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			for _, ghz := range frequencies {
				m := newMachine(ghz)
				s := supervised(t, m)
				if err := m.run(s, time.Minute); err != nil {
					t.Fatal(err)
				}
				last, rate := s.last(), s.rate
				do(m)
				m.pass(time.Second)
				err := s.step(m.pair())
				if err == nil || !strings.HasPrefix(err.Error(), "the counter ") {
					t.Fatalf("at %v GHz: %v", ghz, err)
				}
				if s.last() != last || s.rate != rate {
					t.Error("what was known before was spoilt")
				}
			}
		})
	}
}

func TestMisbehaviourIsSeenInTheFirstMoments(t *testing.T) {
	m := newMachine(2.596)
	s := supervised(t, m)
	m.counter = 6000
	m.pass(settleAfter)
	if err := s.step(m.pair()); err == nil {
		t.Error("not seen")
	}
}

func TestAnInterruptedReadingIsIgnored(t *testing.T) {
	m := newMachine(2.596)
	s := supervised(t, m)
	if err := m.run(s, time.Minute); err != nil {
		t.Fatal(err)
	}
	last, rate := s.last(), s.rate
	m.pass(time.Second)
	p := m.pair()
	p.ticks += 50e6
	p.width = 100e6
	if err := s.step(p); err != nil || s.last() != last || s.rate != rate {
		t.Errorf("%v, %v instead of %v", err, s.last(), last)
	}
	if err := m.run(s, time.Minute); err != nil {
		t.Error(err)
	}
	assertRate(t, s, m)
}

func TestStepsTooEarlyAreIgnored(t *testing.T) {
	m := newMachine(2.596)
	s := supervised(t, m)
	for range 1000 {
		m.pass(time.Millisecond / 100)
		if err := s.step(m.pair()); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.pairs) != 2 {
		t.Errorf("%d pairs after 10 ms", len(s.pairs))
	}
}

func TestACounterThatCannotBeOneIsRefused(t *testing.T) {
	from := pair{ticks: 1000, nano: 1000}
	for _, to := range []pair{{1000, 2_001_000, 0}, {900, 2_001_000, 0}, {1002, 2_001_000, 0}, {1 << 60, 2_001_000, 0}} {
		if _, err := newSupervisor(from, to); err == nil {
			t.Errorf("%+v was accepted", to)
		}
	}
}

func TestTicksContinueAfterTheFallback(t *testing.T) {
	for _, ghz := range frequencies {
		m := newMachine(ghz)
		m.counter, m.clock = 12.3, -45.6
		s := supervised(t, m)
		if err := m.run(s, time.Minute); err != nil {
			t.Fatal(err)
		}
		withRate(t, s.rate)
		last := s.last()
		l := line{last, fixed(1 / s.rate)}
		if got := l.at(last.nano); got != last.ticks {
			t.Errorf("%v GHz: at the last pair %d, want %d", ghz, got, last.ticks)
		}
		if got := l.at(last.nano - 5); got != last.ticks {
			t.Errorf("%v GHz: a moment earlier %d, want %d", ghz, got, last.ticks)
		}
		// A timing that began on the counter before the last pair, and ends on the monotonic clock.
		for _, d := range []time.Duration{0, 1, time.Microsecond, time.Second, time.Hour, 24 * time.Hour} {
			began := last.ticks - int64(1e9/s.rate)
			got := time.Duration(Nanos(l.at(last.nano+int64(d)) - began))
			tick := time.Duration(s.rate) + 1
			if off := (got - d - time.Second).Abs(); off > tick+d/1e9 {
				t.Errorf("%v GHz: %v instead of %v", ghz, got, d+time.Second)
			}
		}
	}
}
