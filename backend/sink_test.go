package backend

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestOutermostVerdictCounts(t *testing.T) {
	plain := errors.New("no")
	for _, c := range []struct {
		err             error
		after           time.Duration
		retry, rejected bool
		n               int
	}{
		{nil, 0, false, false, 0},
		{plain, 0, true, false, 0},
		{Retry(plain, time.Second), time.Second, true, false, 0},
		{Reject(plain, 3), 0, false, true, 3},
		{Reject(Retry(plain, time.Second), 3), 0, false, true, 3},
		{Retry(Reject(plain, 3), time.Second), time.Second, true, false, 0},
		{fmt.Errorf("sink: %w", Reject(Retry(plain, time.Second), 3)), 0, false, true, 3},
	} {
		after, retry := RetryAfter(c.err)
		n, rejected := Rejected(c.err)
		if after != c.after || retry != c.retry || n != c.n || rejected != c.rejected {
			t.Errorf("%v: retry %v after %v, rejected %v of %d", c.err, retry, after, rejected, n)
		}
		if c.err != nil && !errors.Is(c.err, plain) {
			t.Errorf("%v hides its reason", c.err)
		}
	}
}
