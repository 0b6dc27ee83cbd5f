package bench

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkIsSpreadEvenlyOverItsTimeAndSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		perTick, perName := map[time.Duration]int{}, map[string]int{}
		done, err := work(t.Context(), 50*time.Millisecond, func(name string) {
			perTick[time.Since(begin)]++
			perName[name]++
		})
		if err != nil || done != 5000 || time.Since(begin) != 50*time.Millisecond {
			t.Errorf("%d blocks in %v, %v", done, time.Since(begin), err)
		}
		for at, n := range perTick {
			if n < 499 || n > 501 { // fractions of a second are not exact
				t.Errorf("%d blocks at %v", n, at)
			}
		}
		for name, n := range perName {
			if n != 50 {
				t.Errorf("%s: %d blocks", name, n)
			}
		}
		if len(perTick) != 10 || len(perName) != workSeries {
			t.Errorf("%d ticks, %d series", len(perTick), len(perName))
		}
	})
}

func TestWorkCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		slow := true
		done, err := work(t.Context(), 50*time.Millisecond, func(string) {
			if slow && time.Since(begin) > 10*time.Millisecond {
				slow = false
				time.Sleep(25 * time.Millisecond)
			}
		})
		if err != nil || done != 5000 || time.Since(begin) != 50*time.Millisecond {
			t.Errorf("%d blocks in %v, %v", done, time.Since(begin), err)
		}
	})
}

func TestWorkEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if _, err := work(ctx, time.Hour, func(string) {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 10*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}
