package zibrato_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// A fault of a consumer, or of the logger that it writes to, must not take the program down, nor the others their batches.
func TestAConsumerThatPanicsHarmsNobody(t *testing.T) {
	r := zibrato.New(zibrato.Config{Latency: time.Millisecond})
	defer r.Close()
	var panics atomic.Int64
	bad, err := r.Attach(func(*metric.Batch) { panics.Inc(); panic("no") })
	if err != nil {
		t.Fatal(err)
	}
	bad.Watch(all, nil)
	good := consume(t, r, all)
	r.Inc("x")
	until(t, "the drain to deliver", func() bool { return panics.Load() > 0 && len(values(good.delivered(), "x")) > 0 })
	r.Inc("x")
	if err := bad.Flush(patient(t)); err != nil {
		t.Error(err)
	}
	if err := bad.Close(patient(t)); err != nil {
		t.Error(err)
	}
	batches := good.flushed(t)
	if n, _ := totals(batches, "x"); n != 2 {
		t.Errorf("%d calls reached the other consumer, want 2", n)
	}
	if n, _ := totals(batches, "zibrato.misuse"); n != uint64(panics.Load()) {
		t.Errorf("%d misuses were counted, want %d", n, panics.Load())
	}
	told := false
	for _, b := range batches {
		for _, n := range b.Notices {
			told = told || strings.Contains(n, "consumer panicked: no")
		}
	}
	if !told {
		t.Error("nobody was told")
	}
}

// One call may be under way when Close gives up, but another must not begin.
func TestNothingIsDeliveredAfterCloseGaveUp(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	held, free := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	first, err := r.Attach(func(*metric.Batch) {
		if calls.Inc() == 1 {
			close(held)
			<-free
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	second := consume(t, r, only("info"))
	first.Watch(only("info"), nil)
	r.Inc("x")
	<-held
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := second.Tap.Close(ended); err == nil {
		t.Error("closed although the drain is held")
	}
	before := len(second.delivered())
	close(free)
	if err := first.Close(patient(t)); err != nil {
		t.Error(err)
	}
	if n := len(second.delivered()); n != before {
		t.Errorf("%d batches after it was closed", n-before)
	}
}
