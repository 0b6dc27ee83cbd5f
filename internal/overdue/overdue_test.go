package overdue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/internal/overdue"
)

func TestWhatIsOverdueIsDroppedAndNotCalledAgainBeforeItReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c overdue.Call[int]
		calls := 0
		do := func(takes time.Duration) (int, error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return c.Do(ctx, func() int {
				calls++
				n := calls
				time.Sleep(takes)
				return n
			})
		}
		for _, step := range []struct {
			takes time.Duration
			want  int
			err   error
		}{
			{0, 1, nil},
			{2500 * time.Millisecond, 0, context.DeadlineExceeded}, // is called,
			{0, 0, context.DeadlineExceeded},                       // waited for,
			{0, 3, nil},                                            // and its answer dropped
			{0, 4, nil},
		} {
			if n, err := do(step.takes); n != step.want || !errors.Is(err, step.err) {
				t.Errorf("%d, %v, want %d, %v", n, err, step.want, step.err)
			}
		}
	})
}
