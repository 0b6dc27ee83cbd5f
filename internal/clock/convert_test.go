package clock

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// rates are nanoseconds per tick, from that of a 5 GHz TSC to that of a 1 MHz counter.
var rates = []float64{0.2, 1 / 2.596126503, 1, 1e3 / 121.875, 1e3 / 24, 1e3}

// withRate lets a tick be so many nanoseconds for the rest of the test.
func withRate(t *testing.T, rate float64) {
	was := shared.rate.Load()
	t.Cleanup(func() { shared.rate.Store(was) })
	shared.rate.Store(fixed(rate))
}

// product is n × rate ÷ 2^Fraction, rounded to nearest, by way of big numbers.
func product(n, rate uint64) *big.Int {
	p := new(big.Int).Mul(new(big.Int).SetUint64(n), new(big.Int).SetUint64(rate))
	p.Add(p, new(big.Int).Lsh(big.NewInt(1), Fraction-1))
	return p.Rsh(p, Fraction)
}

func TestNanosAreRoundedExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, rate := range rates {
		withRate(t, rate)
		ticks := []int64{0, 1, 2, 3, 26, 1<<Fraction - 1, 1 << Fraction, 1<<62 - 1}
		for range 10_000 {
			ticks = append(ticks, random.Int64()>>random.IntN(63))
		}
		for _, n := range ticks {
			want := product(uint64(n), fixed(rate))
			if !want.IsInt64() { // beyond 292 years
				continue
			}
			if got := Nanos(n); got != want.Int64() {
				t.Fatalf("%d ticks of %v ns: %d ns, want %v", n, rate, got, want)
			}
		}
	}
}

func TestNanosKeepTheRateWithinItsPrecision(t *testing.T) {
	for _, rate := range rates {
		withRate(t, rate)
		hour := int64(3600e9 / rate)
		if got, want := float64(Nanos(hour)), float64(hour)*rate; math.Abs(got-want) > 10 {
			t.Errorf("an hour of ticks of %v ns is %.0f ns, want %.0f", rate, got, want)
		}
	}
}

func TestNanosOfANegativeDifferenceAreNone(t *testing.T) {
	for _, n := range []int64{-1, -1000, math.MinInt64} {
		if got := Nanos(n); got != 0 {
			t.Errorf("%d ticks are %d ns", n, got)
		}
	}
}

func TestWallHoldsInAnyUnitAndOverWraps(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, rate := range rates {
		withRate(t, rate)
		for _, nowTicks := range []int64{1 << 50, 5 << CoarseShift, (1<<32 + 3) << CoarseShift, (1<<33-1)<<CoarseShift + 1} {
			for _, age := range []int64{0, 1, 1000, 1<<31 - 1} {
				then := nowTicks - age<<CoarseShift
				got := Wall(uint32(then>>CoarseShift), nowTicks, now)
				want := now.Add(-time.Duration(math.Round(float64(age<<CoarseShift) * rate)))
				if d := got.Sub(want).Abs(); d > 10*time.Nanosecond {
					t.Errorf("%v ns a tick, at %d, %d ago: %v, want %v", rate, nowTicks, age, got, want)
				}
			}
		}
	}
}

func TestWallOfTheFutureIsNow(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	if got := Wall(1001, 1000<<CoarseShift, now); !got.Equal(now) {
		t.Errorf("%v, want %v", got, now)
	}
}
