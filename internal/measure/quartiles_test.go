package measure

import (
	"math"
	"testing"
)

func TestQuartiles(t *testing.T) {
	for _, test := range []struct {
		x    []float64
		want Quartiles
	}{
		{[]float64{7}, Quartiles{7, 7, 7}},
		{[]float64{3, 1}, Quartiles{1.5, 2, 2.5}},
		{[]float64{5, 1, 4, 2, 3}, Quartiles{2, 3, 4}},
		{[]float64{1, 1, 1, 1000}, Quartiles{1, 1, 250.75}},
	} {
		x := append([]float64(nil), test.x...)
		if got := QuartilesOf(x); got != test.want {
			t.Errorf("QuartilesOf(%v) = %v, want %v", test.x, got, test.want)
		}
		for i := range x {
			if x[i] != test.x[i] {
				t.Errorf("QuartilesOf changed %v to %v", test.x, x)
				break
			}
		}
	}
	if q := QuartilesOf(nil); !math.IsNaN(q.Q1) || !math.IsNaN(q.Median) || !math.IsNaN(q.Q3) {
		t.Errorf("QuartilesOf(nil) = %v, want NaN", q)
	}
}

func TestSpreadIsAShareOfTheMedian(t *testing.T) {
	if s := (Quartiles{90, 100, 125}).Spread(); s != 0.35 {
		t.Errorf("%v, want 0.35", s)
	}
}
