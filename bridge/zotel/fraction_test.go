package zotel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestWholeNumbersAndTheRestAreWhatWasAdded(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		var f fraction
		total, exact := new(big.Rat), new(big.Rat)
		for range 1000 {
			v := math.Ldexp(r.NormFloat64(), r.IntN(60)-40)
			if seed%2 == 0 {
				v = math.Abs(v)
			}
			exact.Add(exact, new(big.Rat).SetFloat64(v))
			total.Add(total, new(big.Rat).SetInt64(f.whole(v)))
			diff, _ := new(big.Rat).Sub(exact, total).Float64()
			if diff < -1e-12 || diff > 1 {
				t.Fatalf("seed %d: the total is off by %v after %v", seed, diff, v)
			}
		}
	}
}

func TestFractionsAtTheirLimits(t *testing.T) {
	below := math.Nextafter(1, 0)
	for _, test := range []struct {
		adds []float64
		want int64
	}{
		{[]float64{0.5, 0.5}, 1},
		{[]float64{below, below, 3e-16}, 2},
		{[]float64{-0.5}, -1},
		{[]float64{-0.5, -0.5}, -1},
		{[]float64{-0.5, 0.5}, 0},
		{[]float64{-1e-300}, 0},
		{[]float64{5e-324}, 0},
		{[]float64{0, math.Copysign(0, -1)}, 0},
		{[]float64{1 << 62, -1 << 62, 0.25}, 0},
		{[]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 1}, // 0.1 is a little more than a tenth
	} {
		var f fraction
		var got int64
		for _, v := range test.adds {
			got += f.whole(v)
		}
		if got != test.want {
			t.Errorf("%v: %d, want %d", test.adds, got, test.want)
		}
	}
}

func TestFloatCountersKeepTheirFractions(t *testing.T) {
	b := start(t, Config{})
	c, u := must(b.Float64Counter("c")), must(b.Float64UpDownCounter("u"))
	const goroutines, each = 8, 1000
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range each {
				c.Add(ctx, 0.375, with("k", "v"))
				u.Add(ctx, 0.5)
				u.Add(ctx, -0.25)
			}
		})
	}
	all.Wait()
	equal(t, "counter", b.rec.Sum("c"), 0.375*goroutines*each)
	equal(t, "up-down counter", b.rec.Sum("u"), 0.25*goroutines*each)
}
