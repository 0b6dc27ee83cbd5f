package metric

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Histograms and summaries that were counted elsewhere.

// bucketsAt counts values above zero in buckets of a scale.
func bucketsAt(values []float64, scale int) Buckets {
	counts := map[int32]uint64{}
	for _, v := range values {
		i := int32(math.Ceil(math.Log2(v)*math.Exp2(float64(scale)))) - 1
		for _, near := range []int32{i - 1, i + 1} { // where rounding went wrong
			if inBucket(v, near, scale) {
				i = near
			}
		}
		counts[i]++
	}
	numbers := slices.Sorted(maps.Keys(counts))
	b := Buckets{Offset: numbers[0], Counts: make([]uint64, numbers[len(numbers)-1]-numbers[0]+1)}
	for i, n := range counts {
		b.Counts[i-b.Offset] = n
	}
	return b
}

func TestAHistogramOfOtherBucketsIsThatOfTheValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for scale := -4; scale <= 8; scale++ {
		var up, down []float64
		want := Histogram{coarser: uint8(max(DefaultScale-scale, 0)), Zero: 3}
		for range 200 {
			v := math.Exp2(rng.Float64()*20 - 10)
			up = append(up, v)
			want.Add(v, 1)
			v = math.Exp2(rng.Float64()*6 + 20)
			down = append(down, v)
			want.Add(-v, 1)
		}
		positive := bucketsAt(up, scale)
		positive.Offset, positive.Counts = positive.Offset-2, slices.Concat([]uint64{0, 0}, positive.Counts, []uint64{0}) // empty ones mean nothing
		got, err := NewHistogram(scale, 3, positive, bucketsAt(down, scale))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, histograms, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("scale %d: %s", scale, diff)
		}
	}
}

// What is spread too wide is made coarser, as it is for values.
func TestAHistogramOfManyBucketsIsMadeCoarser(t *testing.T) {
	var values []float64
	var want Histogram
	for e := -600; e <= 600; e++ {
		v := math.Exp2(float64(e)) * 1.3
		values = append(values, v)
		want.Add(v, 1)
	}
	got, err := NewHistogram(7, 0, bucketsAt(values, 7), Buckets{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, histograms); diff != "" || got.Scale() >= DefaultScale {
		t.Errorf("scale %d: %s", got.Scale(), diff)
	}
}

func TestBucketsOfNoNumbersMakeNoHistogram(t *testing.T) {
	one := []uint64{1}
	for name, c := range map[string]struct {
		scale int
		b     Buckets
		ok    bool
	}{
		"the finest":           {20, Buckets{-1074 << 20, one}, true},
		"too fine":             {21, Buckets{0, one}, false},
		"the coarsest":         {-10, Buckets{0, one}, true},
		"too coarse":           {-11, Buckets{0, one}, false},
		"beyond the greatest":  {5, Buckets{1024 << 5, one}, false},
		"the greatest":         {5, Buckets{1024<<5 - 1, one}, true},
		"below the least":      {8, Buckets{-1075 << 8, one}, false},
		"beyond it, but empty": {5, Buckets{1024<<5 - 1, []uint64{1, 0, 0}}, true},
		"more than an index":   {20, Buckets{math.MaxInt32, []uint64{1, 1}}, false},
		"nothing":              {3, Buckets{math.MinInt32, []uint64{0, 0}}, true},
	} {
		for _, sides := range [][2]Buckets{{c.b, {}}, {{}, c.b}} {
			if h, err := NewHistogram(c.scale, 0, sides[0], sides[1]); (err == nil) != c.ok {
				t.Errorf("%s: %v, %v", name, h, err)
			}
		}
	}
}

func TestASummaryOfAHistogramIsAboutThatOfTheValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	for name, values := range draw(rng, 1000) {
		var want Accumulator
		var h Histogram
		sum := 0.0
		for _, v := range values {
			want.Add(v)
			h.Add(v, 1)
			sum += v
		}
		got, w := SummaryOf(h, sum), want.Summary()
		about := func(a, b, most float64) bool { return math.Abs(a-b) <= most+1e-300 }
		off := h.RelativeError() + 1e-9
		if got.Count != w.Count || got.Sum != sum || !about(got.Min, w.Min, off*math.Abs(w.Min)) || !about(got.Max, w.Max, off*math.Abs(w.Max)) {
			t.Errorf("%s: %+v, want %+v", name, got, w)
		}
		// Each deviation is off by a bucket at most.
		if d, most := math.Abs(got.StdDev()-w.StdDev()), 2*off*max(math.Abs(w.Min), math.Abs(w.Max)); d > most {
			t.Errorf("%s: deviation %v, want %v", name, got.StdDev(), w.StdDev())
		}
		for _, q := range []float64{0, 0.1, 0.5, 0.99, 1} {
			if got, want := got.Quantile(q), h.Quantile(q); got != want {
				t.Errorf("%s: quantile %v is %v, want %v", name, q, got, want)
			}
		}
		if !got.Valid(Distribution) {
			t.Errorf("%s: not valid: %+v", name, got)
		}
	}
	if s := SummaryOf(Histogram{}, 0); s.Valid(Distribution) || s.Count != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestSummariesThatCannotBeAreNotValid(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for name, change := range map[string]func(*Summary){
		"count":     func(s *Summary) { s.Count++ },
		"sum":       func(s *Summary) { s.Sum = inf },
		"deviation": func(s *Summary) { s.M2 = -1 },
		"least":     func(s *Summary) { s.Min = nan },
		"most":      func(s *Summary) { s.Max = s.Min - 1 },
		"last":      func(s *Summary) { s.Last = s.Max + 1 },
		"bucket":    func(s *Summary) { s.Hist.Positive.Offset = 1024 << DefaultScale },
		"buckets": func(s *Summary) {
			s.Hist.Positive.Counts = append(s.Hist.Positive.Counts, make([]uint64, MaxBuckets)...)
		},
		"more than fits":  func(s *Summary) { s.Hist.Negative = Buckets{0, []uint64{math.MaxUint64}} },
		"nothing in it":   func(s *Summary) { s.Count, s.Hist = 0, Histogram{} },
		"an index's wrap": func(s *Summary) { s.Hist.Positive.Offset = math.MaxInt32 },
	} {
		var s Summary
		for _, v := range []float64{1, 2, 3} {
			s.Add(v)
		}
		if !s.Valid(Timer) || !s.Valid(Gauge) || s.Valid(Counter) {
			t.Fatalf("%+v", s)
		}
		if change(&s); s.Valid(Distribution) {
			t.Errorf("%s: %+v is called valid", name, s)
		}
	}
	var s Summary
	s.Add(-1)
	if s.Valid(Timer) || !s.Valid(Distribution) {
		t.Error("a negative value is one of a distribution, and not of a timer")
	}
}

func TestAnAccumulatorTakesSummaries(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	var a Accumulator // for all, one after the other
	for name, values := range draw(rng, 1000) {
		var want Histogram
		a.Reset()
		for rest := values; len(rest) > 0; {
			n := min(1+rng.IntN(80), len(rest))
			if rng.IntN(3) == 0 {
				var part Accumulator
				for _, v := range rest[:n] {
					part.Add(v)
				}
				s := part.Summary()
				a.Merge(&s)
				a.Merge(&Summary{})
			} else {
				for _, v := range rest[:n] {
					a.Add(v)
				}
			}
			for _, v := range rest[:n] {
				want.Add(v, 1)
			}
			rest = rest[n:]
		}
		s := a.Summary()
		check(t, name, &s, values)
		if diff := cmp.Diff(want, s.Hist, histograms, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
