package zibrato_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func TestSumsWithoutRoomDoNotSpoilTheirBatches(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	c := consume(t, r, all)
	for range 3 {
		r.Record("distribution", math.MaxFloat64)
		r.Count("counter", math.MaxInt64)
		r.Observe("timer", math.MaxInt64)
		r.NewUpDown("updown").Add(math.MaxInt64)
		r.Inc("good")
		for _, b := range c.flushed(t) {
			var got metric.Batch
			if err := metric.DecodeBatch(metric.AppendBatch(nil, &b), &got); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTapClosesWithAContextThatEnded(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range 50 { // a select between two that are ready chooses by chance
		r := zibrato.New(zibrato.Config{})
		c := consume(t, r, all)
		c.Tap.Close(ended)
		if (r.NewTimer("x").Start() != zibrato.Stopwatch{}) {
			t.Fatal("still recording")
		}
	}
}

func TestTapClosesWhileADeliveryHangs(t *testing.T) {
	r := zibrato.New(zibrato.Config{Latency: time.Millisecond})
	release := stall(t, r)
	c := consume(t, r, all)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Tap.Close(ctx); err == nil {
		t.Error("no error, though the last batches were not delivered")
	}
	before := len(c.delivered())
	release()
	r.Inc("x")
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if n := len(c.delivered()); n != before {
		t.Errorf("%d batches after it was closed", n-before)
	}
}

func TestEverybodyWhoComesBringsTheTotals(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	c := consume(t, r, all)
	r.Count("quiet", 5)
	c.flushed(t)
	had := len(c.delivered())
	c.Watch(all, nil) // as a publisher does when another subscriber of the level comes
	for _, b := range c.flushed(t)[had:] {
		for _, e := range b.Entries {
			if e.Series.Name == "quiet" && e.After.Sum.Int() == 5 && e.Before == e.After {
				return
			}
		}
	}
	t.Error("the totals of a quiet series were not repeated")
}
