package publisher

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAWillingQueueWaitsWhileMessagesLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10)
		put := func() bool { return q.put(0, func(dst []byte) []byte { return append(dst, "12345"...) }) }
		begun := time.Now()
		if !put() || !put() || put() {
			t.Fatal("10 bytes hold not two messages of 5")
		}
		q.beWilling(time.Second)
		go func() {
			for range 3 {
				time.Sleep(900 * time.Millisecond)
				q.drop()
			}
		}()
		if !put() || !put() || !put() || time.Since(begun) != 2700*time.Millisecond {
			t.Errorf("after %v three messages had left and three had not found room", time.Since(begun))
		}
		if put() || time.Since(begun) != 3700*time.Millisecond {
			t.Errorf("none left, and it waited until %v", time.Since(begun))
		}
		if put() || time.Since(begun) != 3700*time.Millisecond {
			t.Errorf("it waited again, until %v", time.Since(begun))
		}
	})
}
