package periodic_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/internal/periodic"
)

func TestTheLastCallComesOnceAndAfterAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, last := 0, 0
		l := periodic.Start(time.Second, func() { n++ })
		time.Sleep(3500 * time.Millisecond)
		l.Stop(func() { last++ })
		l.Stop(func() { last++ })
		time.Sleep(time.Minute)
		if n != 3 || last != 1 {
			t.Errorf("%d calls and %d last ones, want 3 and 1", n, last)
		}
	})
}
