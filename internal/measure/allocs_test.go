package measure

import "testing"

var kept *[4]int // on the heap

func TestAllocsPerOperation(t *testing.T) {
	for _, want := range []int{0, 1, 3} {
		got := Allocs(func(n int) {
			for range n {
				for range want {
					kept = new([4]int)
				}
			}
		})
		if got != want {
			t.Errorf("%d allocations, want %d", got, want)
		}
	}
}
