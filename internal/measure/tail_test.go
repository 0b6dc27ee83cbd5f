package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTailFindsQuantilesOfASortedSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var whole Tail
	var parts [3]Tail
	values := make([]int64, 100_000)
	for i := range values {
		values[i] = int64(math.Exp(r.Float64() * 30)) // 1 to 10¹³, every magnitude alike
		whole.Add(values[i])
		parts[i%3].Add(values[i])
	}
	slices.Sort(values)
	var merged Tail
	for i := range parts {
		merged.Merge(&parts[i])
	}
	if merged != whole {
		t.Error("merged parts differ from the whole")
	}
	for _, q := range []float64{0, 0.01, 0.5, 0.99, 0.9999, 1} {
		want := values[max(int(q*float64(len(values))+0.5)-1, 0)]
		if got := whole.Quantile(q); got < want || float64(got) > float64(want)*(1+1.0/32) {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if whole.Max() != values[len(values)-1] || whole.Count() != uint64(len(values)) {
		t.Errorf("max %d of %d, want %d", whole.Max(), whole.Count(), values[len(values)-1])
	}
	for _, limit := range []int64{0, 5, 1000, 1 << 30} {
		exact := uint64(0)
		for _, v := range values {
			if float64(v) > float64(limit)*(1+1.0/32) {
				exact++
			}
		}
		if got := whole.Above(limit); got < exact {
			t.Errorf("%d above %d, want %d at least", got, limit, exact)
		}
	}
}

func TestTailTellsSmallValuesApartAndTakesAnyInt64(t *testing.T) {
	for _, v := range []int64{0, 1, 2, 31, 32, 33, 62, 63} {
		var tail Tail
		tail.Add(v)
		tail.Add(math.MaxInt64)
		if got := tail.Quantile(0.5); got != v {
			t.Errorf("median %d, want %d", got, v)
		}
		if tail.Above(v) != 1 || tail.Above(math.MaxInt64) != 0 || tail.Max() != math.MaxInt64 {
			t.Errorf("%d and the largest: %d above, max %d", v, tail.Above(v), tail.Max())
		}
	}
	var tail Tail
	tail.Add(-5)
	if tail.Quantile(1) != 0 || tail.Count() != 1 {
		t.Errorf("a negative one: %d", tail.Quantile(1))
	}
	if none := new(Tail); none.Quantile(0.5) != 0 || none.Max() != 0 || none.Above(0) != 0 {
		t.Error("an empty tail has values")
	}
}
