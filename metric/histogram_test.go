package metric

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nearestRank is the quantile by its definition, of sorted values.
func nearestRank(sorted []float64, q float64) float64 {
	for i, v := range sorted {
		if float64(i+1) >= q*float64(len(sorted)) {
			return v
		}
	}
	return sorted[len(sorted)-1]
}

// inBucket reports whether 2^(i/2^scale) < v <= 2^((i+1)/2^scale), exactly: v^(2^scale) lies between powers of two.
func inBucket(v float64, i int32, scale int) bool {
	power := new(big.Float).SetPrec(53 << 6).SetFloat64(v)
	if scale < 0 {
		i <<= -scale
	}
	for range max(scale, 0) {
		power.Mul(power, power)
	}
	width := int32(1)
	if scale < 0 {
		width = 1 << -scale
	}
	bound := func(e int32) *big.Float { return new(big.Float).SetMantExp(big.NewFloat(1), int(e)) }
	return power.Cmp(bound(i)) > 0 && power.Cmp(bound(i+width)) <= 0
}

func single(t *testing.T, b Buckets) int32 {
	t.Helper()
	if len(b.Counts) != 1 || b.Counts[0] != 1 {
		t.Fatalf("one value made %+v", b)
	}
	return b.Offset
}

func TestEveryValueFindsItsBucketExactly(t *testing.T) {
	values := []float64{1, 2, 4, 0.5, 0.1, 1e-9, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, 3 * math.SmallestNonzeroFloat64, 0x1p-1022}
	for j := range 33 { // and the neighbours of each bound
		v := math.Exp2(float64(j) / 32)
		for range 4 {
			v = math.Nextafter(v, 0)
		}
		for range 9 {
			values = append(values, v, v*0x1p40, v*0x1p-700)
			v = math.Nextafter(v, 3)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		values = append(values, math.Float64frombits(rng.Uint64()>>1%(0x7ff<<52)))
	}
	for _, v := range values {
		var pos, neg Histogram
		pos.Add(v, 1)
		neg.Add(-v, 1)
		i := single(t, pos.Positive)
		if j := single(t, neg.Negative); i != j {
			t.Errorf("%v is in bucket %d, its negative in %d", v, i, j)
		}
		if !inBucket(v, i, DefaultScale) {
			t.Errorf("%v (%b) is not in bucket %d", v, v, i)
		}
	}
}

// searched finds the bucket of v > 0 without a table: by a search among the bounds.
func searched(v float64) int32 {
	frac, exp := math.Frexp(v) // v = frac·2^exp, frac in [0.5, 1)
	at, _ := slices.BinarySearch(bounds[:], 2*frac)
	return int32(exp-1)<<DefaultScale + int32(at) - 1
}

func TestTheTableFindsTheBucketThatASearchFinds(t *testing.T) {
	try := func(v float64) {
		if got, want := bucketIndex(v), searched(v); got != want {
			t.Errorf("%v (%b) is in bucket %d, not %d", v, v, got, want)
		}
	}
	for exp := -1074; exp < 1024; exp++ { // every bound that there is, and its neighbours
		for _, b := range bounds {
			v := math.Ldexp(b, exp)
			for _, v := range []float64{v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1))} {
				if v > 0 && !math.IsInf(v, 1) {
					try(v)
				}
			}
		}
	}
	for cell := range 64 { // and the edges of the table's cells
		v := 1 + float64(cell)/64
		try(v)
		try(math.Nextafter(v, 0))
		try(math.Nextafter(v, 2))
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for range 200_000 {
		try(math.Float64frombits(rng.Uint64()%(0x7ff<<52-1) + 1)) // all magnitudes
		try(math.Float64frombits(rng.Uint64()%(1<<52-1) + 1))     // subnormal
		try(1 + rng.Float64())
	}
}

// draw makes values of many shapes.
func draw(rng *rand.Rand, n int) map[string][]float64 {
	shapes := map[string]func() float64{
		"uniform":     rng.Float64,
		"lognormal":   func() float64 { return 0.003 * math.Exp(1.5*rng.NormFloat64()) },
		"both signs":  func() float64 { return 100 * rng.NormFloat64() },
		"negative":    func() float64 { return -rng.ExpFloat64() },
		"many zeros":  func() float64 { return float64(max(0, rng.IntN(10)-5)) },
		"constant":    func() float64 { return 12.5 },
		"few values":  func() float64 { return float64(rng.IntN(3) + 1) },
		"nanoseconds": func() float64 { return float64(rng.Int64N(1e6)+1) * 1e-9 },
	}
	drawn := make(map[string][]float64)
	for name, next := range shapes {
		for range n {
			drawn[name] = append(drawn[name], next())
		}
	}
	return drawn
}

func TestQuantilesAreWithinTheirErrorOfTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 10, 1000} {
		for name, values := range draw(rng, n) {
			var h Histogram
			for _, v := range values {
				h.Add(v, 1)
			}
			if h.Count() != uint64(n) || h.Scale() != DefaultScale || h.RelativeError() > 0.011 {
				t.Fatalf("%s of %d: count %d, scale %d, error %v", name, n, h.Count(), h.Scale(), h.RelativeError())
			}
			slices.Sort(values)
			for _, q := range []float64{0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1} {
				want, got := nearestRank(values, q), h.Quantile(q)
				if !(math.Abs(got-want) <= 0.011*math.Abs(want)) {
					t.Errorf("%s of %d: quantile %v is %v, estimated %v", name, n, q, want, got)
				}
			}
		}
	}
}

func TestMergingIsTheSameAsHavingAddedAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	shapes := draw(rng, 300)
	shapes["wide"] = nil
	for range 300 {
		shapes["wide"] = append(shapes["wide"], math.Copysign(math.Exp2(rng.Float64()*1800-900), rng.Float64()-0.5))
	}
	for one, a := range shapes {
		for two, b := range shapes {
			var both, left, right Histogram
			for _, v := range a {
				both.Add(v, 1)
				left.Add(v, 1)
			}
			for _, v := range b {
				both.Add(v, 1)
				right.Add(v, 1)
			}
			before := fmt.Sprint(right)
			left.Merge(&right)
			if after := fmt.Sprint(right); after != before {
				t.Errorf("%s, %s: Merge changed its argument", one, two)
			}
			if diff := cmp.Diff(trim(both), trim(left), cmp.AllowUnexported(Histogram{})); diff != "" {
				t.Errorf("%s, %s: %s", one, two, diff)
			}
		}
	}
}

// trim drops empty buckets at both ends, which the order of adding decides.
func trim(h Histogram) Histogram {
	h = h.Clone()
	for _, b := range []*Buckets{&h.Positive, &h.Negative} {
		for len(b.Counts) > 0 && b.Counts[0] == 0 {
			b.Counts = b.Counts[1:]
			b.Offset++
		}
		for len(b.Counts) > 0 && b.Counts[len(b.Counts)-1] == 0 {
			b.Counts = b.Counts[:len(b.Counts)-1]
		}
		if len(b.Counts) == 0 {
			*b = Buckets{}
		}
	}
	return h
}

func TestDataSpreadTooWideMakesTheScaleCoarserAndLosesNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		scale  int
	}{
		{"just fits", []float64{1.01, math.Exp2(39.99)}, 5},
		{"a little too wide", []float64{1, math.Exp2(40.1)}, 4},
		{"wide", []float64{1e-30, 1, 1e30}, 2},
		{"all there is", []float64{math.SmallestNonzeroFloat64, 1, math.MaxFloat64}, -1},
		{"one sign makes both coarser", []float64{-1, 1e-30, 1e30}, 2},
	} {
		var up, down Histogram
		for _, v := range test.values {
			up.Add(v, 3)
		}
		for _, v := range slices.Backward(test.values) {
			down.Add(v, 3)
		}
		if diff := cmp.Diff(trim(up), trim(down), cmp.AllowUnexported(Histogram{})); diff != "" {
			t.Errorf("%s: the order matters: %s", test.name, diff)
		}
		if up.Scale() != test.scale || up.Count() != 3*uint64(len(test.values)) {
			t.Errorf("%s: scale %d, count %d", test.name, up.Scale(), up.Count())
		}
		if len(up.Positive.Counts) > MaxBuckets || len(up.Negative.Counts) > MaxBuckets {
			t.Errorf("%s: %d and %d buckets", test.name, len(up.Positive.Counts), len(up.Negative.Counts))
		}
		for _, v := range test.values {
			b := up.Positive
			if v < 0 {
				b = up.Negative
			}
			n := 0
			for i, c := range b.Counts {
				if c > 0 && inBucket(math.Abs(v), b.Offset+int32(i), up.Scale()) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s: %v is in %d buckets that count something", test.name, v, n)
			}
		}
	}
}

func TestValuesWithoutABucketAreIgnored(t *testing.T) {
	var h Histogram
	h.Add(math.NaN(), 1)
	h.Add(math.Inf(1), 1)
	h.Add(math.Inf(-1), 1)
	h.Add(5, 0)
	if diff := cmp.Diff(Histogram{}, h, cmp.AllowUnexported(Histogram{})); diff != "" {
		t.Error(diff)
	}
	h.Add(math.Copysign(0, -1), 2)
	if h.Zero != 2 || h.Quantile(1) != 0 {
		t.Errorf("zeros: %+v", h)
	}
}

func TestAQuantileOfNothingOrOutOfRangeIsNaN(t *testing.T) {
	var h Histogram
	if !math.IsNaN(h.Quantile(0.5)) {
		t.Error("of an empty histogram")
	}
	h.Add(1, 1)
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		if v := h.Quantile(q); !math.IsNaN(v) {
			t.Errorf("quantile %v is %v", q, v)
		}
	}
}

func TestRanksBeyondThePrecisionOfFloatsStayInTheHistogram(t *testing.T) {
	var h Histogram
	h.Add(-8, 1<<63)
	h.Add(-4, 1<<62+1)
	if got := h.Quantile(1); math.Abs(got+4) > 0.05 {
		t.Errorf("got %v, want about -4", got)
	}
}

func TestACloneSharesNothing(t *testing.T) {
	var h Histogram
	h.Add(1, 1)
	h.Add(-1, 1)
	c := h.Clone()
	c.Add(1, 5)
	c.Add(-1, 5)
	if h.Count() != 2 || c.Count() != 12 {
		t.Errorf("%d and %d values", h.Count(), c.Count())
	}
}
