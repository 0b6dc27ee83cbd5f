package ring_test

import (
	"math"
	"runtime"
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
	cells := make([]ring.Cells, 10)
	for i := range cells {
		cells[i] = r.Cells(uint32(i) * 100)
	}
	for p := range producers {
		wg.Go(func() {
			for i := range int64(calls) {
				// Both ways at once, on the same cells.
				if (i/10+int64(p))%2 == 0 {
					r.Add(uint32(i%10)*100, i-calls)
				} else {
					cells[i%10].Add(i - calls)
				}
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
	cells := r.Cells(0)
	r.Add(0, math.MaxInt64)
	cells.Add(math.MaxInt64)
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
		cells := r.Cells(series)
		cells.Add(1)
		if after, _ := r.Cell(series); after != before+2 {
			t.Errorf("series %d has %d calls, want %d", series, after, before+2)
		}
	}
}

// Instruments are made before their recorder is configured.
func TestCellsOutliveAResize(t *testing.T) {
	r := ring.New(0, 1)
	first, other := r.Cells(0), r.Cells(200)
	r.Resize(0, 10_000)
	last := r.Cells(9_999)
	for _, c := range []*ring.Cells{&first, &other, &last} {
		c.Add(7)
	}
	r.Add(0, 1)
	for series, want := range map[uint32]int64{0: 8, 200: 7, 9_999: 7, 256: 0} {
		if _, sum := r.Cell(series); sum != want {
			t.Errorf("series %d has the sum %d, want %d", series, sum, want)
		}
	}
}

// Each processor that comes gets cells, and those that are gone keep what they have.
func TestCellsOfHoweverManyProcessorsAddUp(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := ring.New(0, 1)
	cells := r.Cells(0)
	want := uint64(0)
	for _, procs := range []int{1, 2, 40, 3, 100, 1, 100} {
		runtime.GOMAXPROCS(procs)
		var wg sync.WaitGroup
		for range 2 * procs {
			wg.Go(func() {
				for i := range 500 {
					cells.Add(1)
					if i%10 == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		wg.Wait()
		want += uint64(2 * procs * 500)
		if n, sum := r.Cell(0); n != want || sum != int64(want) {
			t.Fatalf("GOMAXPROCS %d: %d calls with sum %d, want %d of each", procs, n, sum, want)
		}
	}
}
