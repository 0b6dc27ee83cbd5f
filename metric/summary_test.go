package metric

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// twoPass computes mean and M2 by their definitions.
func twoPass(values []float64) (sum, m2 float64) {
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(len(values))
	for _, v := range values {
		m2 += (v - mean) * (v - mean)
	}
	return sum, m2
}

func near(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b), 1e-300)
}

func check(t *testing.T, name string, s *Summary, values []float64) {
	t.Helper()
	sum, m2 := twoPass(values)
	if s.Count != uint64(len(values)) || s.Hist.Count() != s.Count {
		t.Errorf("%s: count %d, in the histogram %d, want %d", name, s.Count, s.Hist.Count(), len(values))
	}
	if s.Min != slices.Min(values) || s.Max != slices.Max(values) || s.Last != values[len(values)-1] {
		t.Errorf("%s: min %v, max %v, last %v", name, s.Min, s.Max, s.Last)
	}
	scale := 0.0
	for _, v := range values {
		scale += math.Abs(v)
	}
	if math.Abs(s.Sum-sum) > 1e-12*scale {
		t.Errorf("%s: sum %v, want %v", name, s.Sum, sum)
	}
	// Rounding of the mean shows in the squares of deviations, relative to the values' own size.
	mean := scale / float64(len(values))
	tolerance := 1e-9*m2 + 1e-24*float64(len(values))*mean*mean
	if math.Abs(s.M2-m2) > tolerance {
		t.Errorf("%s: M2 %v, want %v", name, s.M2, m2)
	}
	if want := math.Sqrt(s.M2 / float64(len(values))); s.StdDev() != want || s.Mean() != s.Sum/float64(len(values)) {
		t.Errorf("%s: deviation %v, mean %v", name, s.StdDev(), s.Mean())
	}
	squares := 0.0
	for _, v := range values {
		squares += v * v
	}
	if !near(s.SumSquares(), squares, 1e-9) {
		t.Errorf("%s: sum of squares %v, want %v", name, s.SumSquares(), squares)
	}
}

func TestASummaryIsWhatTwoPassesOverTheValuesSay(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	shapes := draw(rng, 1000)
	for range 1000 {
		shapes["small moves far from zero"] = append(shapes["small moves far from zero"], 1e9+rng.Float64())
	}
	for name, values := range shapes {
		var whole Summary
		for _, v := range values {
			whole.Add(v)
		}
		check(t, name, &whole, values)

		var parts Summary
		for rest := values; len(rest) > 0; {
			n := min(1+rng.IntN(50), len(rest))
			var part Summary
			for _, v := range rest[:n] {
				part.Add(v)
			}
			parts.Merge(&part)
			rest = rest[n:]
		}
		check(t, name+", merged", &parts, values)
	}
}

func TestAnEmptySummaryHasNoMeanAndMergesAsNothing(t *testing.T) {
	var empty, s Summary
	if !math.IsNaN(empty.Mean()) || !math.IsNaN(empty.StdDev()) || !math.IsNaN(empty.Quantile(0.5)) || empty.SumSquares() != 0 {
		t.Errorf("mean %v, deviation %v, median %v, squares %v", empty.Mean(), empty.StdDev(), empty.Quantile(0.5), empty.SumSquares())
	}
	s.Add(3)
	want := s
	want.Hist = s.Hist.Clone()
	s.Merge(&empty)
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(Histogram{})); diff != "" {
		t.Error(diff)
	}
	empty.Merge(&s)
	if diff := cmp.Diff(want, empty, cmp.AllowUnexported(Histogram{})); diff != "" {
		t.Error(diff)
	}
	empty.Add(4)
	if s.Count != 1 || s.Hist.Count() != 1 {
		t.Error("a merge into an empty summary shares memory with the original")
	}
}

func TestWhatIsNoNumberIsIgnored(t *testing.T) {
	var s Summary
	s.Add(math.NaN())
	s.Add(math.Inf(1))
	s.Add(math.Inf(-1))
	if s.Count != 0 || s.Sum != 0 || s.Hist.Count() != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestQuantilesOfASummaryLieWithinItsValues(t *testing.T) {
	var s Summary
	s.Add(100)
	s.Add(100)
	for _, q := range []float64{0, 0.5, 1} {
		if v := s.Quantile(q); v != 100 {
			t.Errorf("quantile %v of two times 100 is %v", q, v)
		}
	}
}

func TestTheMeanOfAnAggregateCountsWhatWasLostToo(t *testing.T) {
	var detail Summary
	detail.Add(2)
	for _, k := range Kinds {
		a := Aggregate{Series: &Series{Kind: k}, Count: 4, Sum: 20, Detail: detail}
		want := 5.0
		if k == Gauge || k == UpDown {
			want = 2
		}
		if a.Mean() != want || !a.HasDetail() {
			t.Errorf("%s: mean %v, want %v", k, a.Mean(), want)
		}
		none := Aggregate{Series: &Series{Kind: k}}
		if !math.IsNaN(none.Mean()) || none.HasDetail() {
			t.Errorf("%s: mean of nothing is %v", k, none.Mean())
		}
	}
}
