package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// timings are seconds as timers measure them: lognormal, around 3 ms.
func timings(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, n)
	for i := range values {
		values[i] = math.Round(3e6*math.Exp(0.5*rng.NormFloat64())) / 1e9
	}
	return values
}

func BenchmarkAdd(b *testing.B) {
	values := timings(1 << 14)
	b.Run("to=accumulator", func(b *testing.B) {
		var a Accumulator
		for i := 0; i < b.N; i++ {
			a.Add(values[i&(1<<14-1)])
		}
	})
	b.Run("to=summary", func(b *testing.B) {
		var s Summary
		for i := 0; i < b.N; i++ {
			s.Add(values[i&(1<<14-1)])
		}
	})
	b.Run("to=histogram", func(b *testing.B) {
		var h Histogram
		for i := 0; i < b.N; i++ {
			h.Add(values[i&(1<<14-1)], 1)
		}
	})
	b.Run("to=1000accumulators", func(b *testing.B) {
		a := make([]Accumulator, 1<<10)
		for i := 0; i < b.N; i++ {
			a[(i*7919)&(1<<10-1)].Add(values[i&(1<<14-1)])
		}
	})
}
