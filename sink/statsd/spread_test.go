package statsd

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

// Whatever was timed, the values stand for as many calls, with the same sum, in order and within the range, and their percentiles
// are those of the calls to within the documented error in rank and value.
func TestValuesStandForTheCalls(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func() float64{
		"uniform":     r.Float64,
		"exponential": r.ExpFloat64,
		"log-normal":  func() float64 { return math.Exp(3 * r.NormFloat64()) },
		"two humps":   func() float64 { return 0.001 + float64(r.IntN(2))*5 + r.Float64()/100 },
		"constant":    func() float64 { return 0.25 },
		"zeros":       func() float64 { return float64(r.IntN(2)) },
		"both signs":  r.NormFloat64,
	}
	for name, draw := range shapes {
		for _, n := range []int{1, 2, 3, 7, 99, 100, 101, 150, 199, 1000, 12345} {
			for _, most := range []int{1, 2, 20, 100} {
				for _, ends := range []bool{false, true} {
					var calls []float64
					a := &metric.Aggregate{Series: &metric.Series{Kind: metric.Distribution}, Count: uint64(n)}
					for range n {
						v := draw()
						calls = append(calls, v)
						a.Sum += v
						a.Detail.Add(v)
					}
					slices.Sort(calls)
					values := spread(nil, a, most, ends)
					check := func(ok bool, what string, got ...any) {
						if !ok {
							t.Errorf("%s, %d calls in %d values, ends %v: %s: %v", name, n, most, ends, what, got)
						}
					}
					var count uint64
					var sum, size float64
					var weighted []value
					for _, v := range values {
						count += v.calls
						sum += v.v * float64(v.calls)
						size += math.Abs(v.v) * float64(v.calls)
						weighted = append(weighted, v)
					}
					check(len(values) >= 1 && len(values) <= most, "values", len(values))
					check(count == uint64(n), "count", count)
					check(math.Abs(sum-a.Sum) <= 1e-9*size, "sum", sum, a.Sum)
					if n <= most || ends && most > 3 {
						check(n == 1 || values[0].v == calls[0] && values[len(values)-1].v == calls[n-1], "ends", values[0], values[len(values)-1])
					}
					slices.SortFunc(weighted, func(a, b value) int {
						if a.v < b.v {
							return -1
						}
						return 1
					})
					if most < 20 || name == "two humps" || name == "zeros" {
						continue // a value that is a mean over a gap is none of the calls
					}
					for _, q := range []float64{0.25, 0.5, 0.75, 0.9, 0.95} {
						got := quantile(weighted, q)
						lo, hi := at(calls, q-2/float64(most)), at(calls, q+2/float64(most))
						slack := 0.025 * max(math.Abs(lo), math.Abs(hi))
						check(got >= lo-slack && got <= hi+slack, "quantile", q, got, lo, hi)
					}
				}
			}
		}
	}
}

func quantile(values []value, q float64) float64 {
	var n, passed uint64
	for _, v := range values {
		n += v.calls
	}
	for _, v := range values {
		if passed += v.calls; float64(passed) >= q*float64(n) {
			return v.v
		}
	}
	return values[len(values)-1].v
}

func at(sorted []float64, q float64) float64 {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// A server that ignores sample rates, as Etsy's does for timers, sees the same mean.
func TestTheMeanIsRightWithoutWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{5, 100, 101, 777, 54321} {
		a := &metric.Aggregate{Series: &metric.Series{Kind: metric.Timer}, Count: uint64(n)}
		for range n {
			v := r.ExpFloat64()
			a.Sum += v
			a.Detail.Add(v)
		}
		sum := 0.0
		values := spread(nil, a, 100, false)
		for _, v := range values {
			sum += v.v
		}
		if mean := sum / float64(len(values)); math.Abs(mean-a.Mean()) > 1e-9*a.Mean() {
			t.Errorf("%d calls: %v instead of %v", n, mean, a.Mean())
		}
	}
}

func TestLostCallsAreAtTheirMean(t *testing.T) {
	a := &metric.Aggregate{Series: &metric.Series{Kind: metric.Timer}, Count: 10, Sum: 21}
	a.Detail.Add(1)
	a.Detail.Add(4)
	values := spread(nil, a, 100, false)
	if len(values) != 10 || values[0].v != 1 || values[9].v != 4 || math.Abs(values[5].v-2) > 0.03 {
		t.Errorf("%v", values)
	}
	a.Detail = metric.Summary{}
	if values := spread(nil, a, 100, true); len(values) != 1 || values[0] != (value{2.1, 10}) {
		t.Errorf("without detail: %v", values)
	}
	a.Count = 0
	if values := spread(nil, a, 100, true); len(values) != 0 {
		t.Errorf("without calls: %v", values)
	}
	// More detail than calls, as when summaries of an earlier window came late.
	a.Count, a.Sum = 3, 3
	for range 50 {
		a.Detail.Add(1)
	}
	if values := spread(nil, a, 100, false); len(values) != 3 || values[1].v != 1 {
		t.Errorf("more detail than calls: %v", values)
	}
}

// Servers divide one by the rate, and some cut the quotient.
func TestRatesComeBackAsCalls(t *testing.T) {
	for n := uint64(2); n < 2_000_000; n += 1 + n/5000 {
		text := string(appendRate(nil, n))
		r, err := strconv.ParseFloat(text, 64)
		if err != nil || uint64(1/r) != n || math.Round(1/r) != float64(n) {
			t.Fatalf("%d: %s is %v, %v", n, text, 1/r, err)
		}
	}
}

func TestMillisecondsKeepTheirNanoseconds(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0", 1e-9: "0.000001", 0.012345678: "12.345678", 1: "1000", 1.5: "1500", 0.0005: "0.5", 86400: "86400000",
		999999.123456789: "999999123.456789", 1e12: "1000000000000000",
	} {
		if got := string(appendMilliseconds(nil, seconds)); got != want {
			t.Errorf("%v: %s instead of %s", seconds, got, want)
		}
	}
}
