package metric

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// exactM2 computes sum and M2 without rounding, until the end.
func exactM2(values []float64) (sum, m2 float64) {
	exact := func(f float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(f) }
	total, squares := exact(0), exact(0)
	for _, v := range values {
		total.Add(total, exact(v))
		squares.Add(squares, exact(0).Mul(exact(v), exact(v)))
	}
	mean := exact(0).Quo(total, exact(float64(len(values))))
	squares.Sub(squares, exact(0).Mul(mean, total))
	sum, _ = total.Float64()
	m2, _ = squares.Float64()
	return sum, m2
}

func TestAnAccumulatorMakesTheSummaryOfItsValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	var a Accumulator // for all, one after the other
	for _, n := range []int{1, 2, 10, 1000} {
		for name, values := range draw(rng, n) {
			for _, v := range values {
				a.Add(v)
			}
			s := a.Summary()
			if a.Count() != uint64(n) {
				t.Errorf("%s: counts %d", name, a.Count())
			}
			check(t, name, &s, values)
			var h Histogram
			for _, v := range values {
				h.Add(v, 1)
			}
			if diff := cmp.Diff(h, s.Hist, histograms, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s of %d: %s", name, n, diff)
			}
			a.Reset()
			if a.Count() != 0 {
				t.Errorf("%s: holds %d after Reset", name, a.Count())
			}
			if diff := cmp.Diff(Summary{}, a.Summary(), histograms); diff != "" {
				t.Errorf("%s: after Reset: %s", name, diff)
			}
		}
	}
}

// Timings that are added several at once make the same summary, however many there are at once.
func TestTimingsAreAccumulatedAsTheirValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for name, next := range map[string]func() int64{
		"zeros":                     func() int64 { return 0 },
		"next to nothing":           func() int64 { return rng.Int64N(3) },
		"a microsecond":             func() int64 { return 1000 + rng.Int64N(100) },
		"powers of two, in seconds": func() int64 { return 1_000_000_000 >> rng.IntN(10) },
		"any":                       func() int64 { return rng.Int64() >> rng.IntN(64) },
	} {
		for _, most := range []int{1, 7, 32, 100} {
			var all, single Accumulator
			var floats []float64
			for range 200 {
				values := make([]Value, rng.IntN(most+1))
				sum := int64(0)
				for i := range values {
					values[i] = IntValue(next())
					if sum += values[i].Int(); sum < 0 {
						sum = math.MaxInt64
					}
					single.Add(Timer.InUnits(values[i]))
					floats = append(floats, Timer.InUnits(values[i]))
				}
				if got := all.AddTimings(values); got != sum {
					t.Fatalf("%s: the sum is %d, want %d", name, got, sum)
				}
			}
			got, want := all.Summary(), single.Summary()
			check(t, name, &got, floats)
			if got.Last != want.Last {
				t.Errorf("%s: last %v, want %v", name, got.Last, want.Last)
			}
			if diff := cmp.Diff(want.Hist, got.Hist, histograms, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s, at most %d at once: %s", name, most, diff)
			}
		}
	}
}

func TestDeviationsKeepTheirPrecision(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const n = 100_000
	for _, test := range []struct {
		name     string
		first    float64
		next     func() float64
		sum, dev float64 // relative tolerances of the sum and of M2
	}{
		{"a gauge that moves by 1 around 1e15", 1e15 + 37, func() float64 { return 1e15 + 36 + float64(rng.IntN(3)) }, 1e-15, 1e-12},
		{"timings", 0.003, func() float64 { return 0.003 * math.Exp(rng.NormFloat64()) }, 1e-12, 1e-12},
		{"a first value of 1e9 times the others", 1e9, rng.Float64, 1e-13, 1e-13},
		{"a first value of 1e9 times the others, below zero", -1e9, rng.Float64, 1e-13, 1e-13},
		{"a last value of 1e9 times the others", 0.5, func() func() float64 {
			left := n - 1
			return func() float64 {
				if left--; left == 0 {
					return 1e9
				}
				return rng.Float64()
			}
		}(), 1e-12, 1e-12},
		{"one value", 0.1, func() float64 { return 0.1 }, 1e-12, 0},
	} {
		var a Accumulator
		values := []float64{test.first}
		a.Add(test.first)
		for len(values) < n {
			v := test.next()
			values = append(values, v)
			a.Add(v)
		}
		s := a.Summary()
		sum, m2 := exactM2(values)
		if !near(s.Sum, sum, test.sum) || !near(s.M2, m2, test.dev) {
			t.Errorf("%s: sum %v, want %v; M2 %v, want %v", test.name, s.Sum, sum, s.M2, m2)
		}
	}
}

func TestWhatIsNoNumberIsNotAccumulated(t *testing.T) {
	var a Accumulator
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a.Add(v)
	}
	if diff := cmp.Diff(Summary{}, a.Summary(), histograms); diff != "" || a.Count() != 0 {
		t.Error(diff)
	}
}

func TestSumsThatOutgrowAFloatStayAtItsLimit(t *testing.T) {
	const limit = math.MaxFloat64
	for _, values := range [][]float64{{limit, limit}, {-limit, -limit}, {-limit, limit, limit}, {1e200, -1e200, 1}} {
		var a Accumulator
		var added, merged Summary
		for _, v := range values {
			a.Add(v)
			added.Add(v)
			var one Accumulator
			one.Add(v)
			s := one.Summary()
			merged.Merge(&s)
		}
		for _, s := range []Summary{a.Summary(), added, merged} {
			if notFinite(s.Sum) || s.M2 < 0 || notFinite(s.M2) || s.Min != slices.Min(values) || s.Max != slices.Max(values) {
				t.Errorf("%v: %+v", values, s)
			}
			if same := values[0] == values[1]; same && s.Sum != values[0] || !same && s.M2 != limit {
				t.Errorf("%v: sum %v, M2 %v", values, s.Sum, s.M2)
			}
		}
	}
}

func TestAnAccumulatorThatKnowsItsSeriesAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	wide := func() float64 { return math.Exp2(rng.Float64()*200 - 100) } // makes the scale coarser each time
	narrow := timings(1000)
	for name, next := range map[string]func(i int) float64{"narrow": func(i int) float64 { return narrow[i] }, "wide": func(int) float64 { return wide() }} {
		var a Accumulator
		fill := func() {
			for i := range narrow {
				a.Add(next(i))
				a.Add(-next(i))
			}
			a.Reset()
		}
		for range 20 {
			fill()
		}
		if n := testing.AllocsPerRun(20, fill); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
