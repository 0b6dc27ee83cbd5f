package zibrato_test

import (
	"testing"
	"unsafe"

	"github.com/zibrato/zibrato"
)

// What values are must count, not where they lie: any of them may lie in a buffer that is used again.
func TestAVectorTellsValuesApartThatLieAtTheSamePlace(t *testing.T) {
	for place := range 3 {
		r := zibrato.New(zibrato.Config{})
		v := r.NewTimerVec("v", []string{"a", "b", "c"})
		buf := []byte("x")
		values := []string{"one", "two", "three"}
		values[place] = unsafe.String(&buf[0], 1)
		x := v.With(values...)
		if v.With(values...) != x {
			t.Error("the same values gave another timer")
		}
		buf[0] = 'y'
		y := v.With(values...)
		if y == x {
			t.Errorf("value %d changed where it lay, and gave the same timer", place)
		}
		buf[0] = 'x'
		if v.With(values...) != x {
			t.Error("the first values gave another timer than before")
		}
		if v.With("one", "two") == x || v.With() == x {
			t.Error("fewer values gave the same timer")
		}
	}
}
