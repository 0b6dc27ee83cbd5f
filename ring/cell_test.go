package ring_test

import (
	"math"
	"sync"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

func TestCellsAddUp(t *testing.T) {
	r := ring.New(1, 1000)
	stop := churn()
	const producers, calls = 8, stress / 5
	var wg sync.WaitGroup
	var kept atomic.Int64
	for range producers {
		wg.Go(func() {
			for i := range int64(calls) {
				r.Add(uint32(i%10)*100, i-calls)
				if r.Put(metric.Record{Series: 999, Value: metric.FloatValue(0.5)}, ring.Float) {
					kept.Inc()
				}
			}
		})
	}
	wg.Wait()
	stop()
	var count uint64
	var sum int64
	for s := range uint32(10) {
		n, x := r.Cell(s * 100)
		if n != producers*calls/10 {
			t.Errorf("series %d: %d calls, want %d", s*100, n, producers*calls/10)
		}
		count, sum = count+n, sum+x
	}
	if want := int64(-producers) * calls * (calls + 1) / 2; sum != want {
		t.Errorf("sum %d, want %d", sum, want)
	}
	lost := uint64(producers*calls - kept.Load())
	if n, x := r.CellFloat(999); lost == 0 || n != lost || x != float64(lost)*0.5 {
		t.Errorf("float cell: %d calls with sum %v, want %d and %v", n, x, lost, float64(lost)*0.5)
	}
	if n, x := r.Cell(1); n != 0 || x != 0 {
		t.Errorf("a series that nobody called has %d and %d", n, x)
	}
}

func TestSumsWrapAsIntegersDo(t *testing.T) {
	r := ring.New(0, 1)
	r.Add(0, math.MaxInt64)
	r.Add(0, math.MaxInt64)
	r.Add(0, 5)
	if n, sum := r.Cell(0); n != 3 || sum != 3 {
		t.Errorf("%d calls with sum %d, want 3 and 3", n, sum)
	}
}

// Whatever number a series has, its cell lies within the table. No recorder hands out numbers past its bound.
func TestSeriesPastTheBoundShareCells(t *testing.T) {
	r := ring.New(0, 300)
	for _, series := range []uint32{0, 299, 511, 512, 1 << 31, math.MaxUint32} {
		before, _ := r.Cell(series)
		r.Add(series, 1)
		if after, _ := r.Cell(series); after != before+1 {
			t.Errorf("series %d has %d calls, want %d", series, after, before+1)
		}
	}
}
