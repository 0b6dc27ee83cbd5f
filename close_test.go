package zibrato_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func TestCloseIsIdempotentAndConcurrent(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c := consume(t, r, all)
	r.Inc("c")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			c.close(t)
		})
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if n, _ := totals(c.delivered(), "c"); n != 1 {
		t.Errorf("%d calls were delivered, want 1", n)
	}
	if _, err := r.Attach(func(*metric.Batch) {}); !errors.Is(err, zibrato.ErrClosed) {
		t.Errorf("attached to a closed recorder: %v", err)
	}
}

func TestAClosedRecorderDoesNothing(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	c := consume(t, r, all)
	timer := r.NewTimer("t")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	n := len(c.delivered())
	timer.Start().Stop()
	r.Time("t")()
	r.Inc("c")
	r.With(zibrato.AtLevel("new")).Set("g", 1)
	r.NewGaugeFunc("f", func() float64 { t.Error("asked"); return 0 })()
	c.Watch(all, nil)
	if err := c.Flush(patient(t)); err != nil {
		t.Error(err)
	}
	if got := len(c.delivered()); got != n {
		t.Errorf("%d batches were delivered after Close", got-n)
	}
	if err := zibrato.New(zibrato.Config{}).Close(); err != nil {
		t.Errorf("closing a recorder that nothing consumed: %v", err)
	}
}

func TestConsumersComeAndGo(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	var want uint64
	for range 50 {
		c := consume(t, r, all)
		r.Inc("c")
		want++
		if n, _ := totals(c.flushed(t), "c"); n != want {
			t.Fatalf("the consumer learned of %d calls, want %d", n, want)
		}
		c.close(t)
	}
}
