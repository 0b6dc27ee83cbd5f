package zibrato_test

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// lastOf returns the last summary's last value of each series of a name, by the value of a tag.
func lastOf(batches []metric.Batch, name, tag string) map[string]float64 {
	last := map[string]float64{}
	for _, b := range batches {
		for _, s := range b.Summaries {
			if e := b.Entries[s.Entry].Series; e.Name == name {
				last[e.Tag(tag)] = s.Last
			}
		}
	}
	return last
}

func TestARecorderReportsAboutItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{})
		c := summaries(t, r, only("info"))
		timer, counter := r.NewTimer("t"), r.NewCounter("c")
		const rounds = 100
		for range rounds {
			timer.Start().Stop()
			timer.Observe(time.Second)
			counter.Inc()
			time.Sleep(50 * time.Millisecond)
		}
		c.Report(zibrato.Handled{Bytes: 1000, Lost: 7, Spent: 1500 * time.Millisecond})
		time.Sleep(2 * time.Second)
		c.close(t)
		batches := c.delivered()
		if n, sum := totals(batches, "zibrato.samples.recorded"); n != 3*rounds || sum != 3*rounds {
			t.Errorf("%d samples with sum %d are told as recorded, want %d", n, sum, 3*rounds)
		}
		if _, sum := totals(batches, "zibrato.published.bytes"); sum != 1000 {
			t.Errorf("%d bytes are told as published", sum)
		}
		if _, sum := totals(batches, "zibrato.samples.lost"); sum != 7 {
			t.Errorf("%d samples are told as lost", sum)
		}
		if n, _ := totals(batches, "zibrato.drain"); n == 0 || merged(batches, "zibrato.drain").Count != n {
			t.Errorf("%d passes of the drain, a summary of %d", n, merged(batches, "zibrato.drain").Count)
		}
		if got := lastOf(batches, "zibrato.series", "")[""]; got != 2 {
			t.Errorf("%v series are told, want the 2 that are the program's", got)
		}
		for source, v := range lastOf(batches, "zibrato.clock", "source") {
			if source != "tsc" && source != "cntvct" && source != "monotonic" || v != 1 {
				t.Errorf("clock %q: %v", source, v)
			}
		}
		// The bubble's time stands still while code runs, so that the report of the publisher is all that can be expected to the digit.
		share := merged(batches, "zibrato.cpu.share")
		if share.Max < 1 || share.Max > 2.5 || share.Last != 0 {
			t.Errorf("share of a core: at most %v, at last %v; want about 1.5 and 0", share.Max, share.Last)
		}
	})
}

// The estimate of what instrumentation takes must be of the right size: a million timers cost neither nothing nor a second.
func TestTheShareOfCPUIsAboutRight(t *testing.T) {
	r := zibrato.New(zibrato.Config{SummaryEvery: 10 * time.Millisecond})
	c := summaries(t, r, only("info"))
	timer := r.NewTimer("t")
	share := 0.0
	until(t, "a share is told", func() bool {
		for range 100_000 {
			timer.Start().Stop()
		}
		share = merged(c.delivered(), "zibrato.cpu.share").Max
		return share > 0
	})
	if share > 64 {
		t.Errorf("instrumentation takes %v cores", share)
	}
}

// A pass that drains timings may make the report, too, and the next interval be empty.
func TestTheShareOfCPUIsNeverNegative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{})
		c := summaries(t, r, only("info"))
		timer := r.NewTimer("t")
		for range 20 {
			timer.Start().Stop()
			time.Sleep(3 * time.Second)
		}
		c.close(t)
		if s := merged(c.delivered(), "zibrato.cpu.share"); s.Count == 0 || s.Min < 0 || s.Max > 1 {
			t.Errorf("%d shares from %v to %v", s.Count, s.Min, s.Max)
		}
	})
}

// An idle process does next to nothing, and says nothing but its totals, once a minute.
func TestAnIdleRecorderIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{})
		c := summaries(t, r, only("info"))
		r.Inc("c")
		time.Sleep(5 * time.Minute)
		c.flushed(t)
		before := len(c.delivered())
		time.Sleep(time.Hour)
		if n := len(c.delivered()) - before; n < 59 || n > 3*61 {
			t.Errorf("%d batches in an idle hour", n)
		}
		c.close(t)
	})
}

// What is told of what was published is published, too: that must not go on for ever. When calls come again, all of it is told.
func TestWhatPublishesIsQuietAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bytes = 1000
		r := zibrato.New(zibrato.Config{})
		var tap atomic.Pointer[zibrato.Tap]
		var batches, told atomic.Int64
		attached, err := r.Attach(func(b *metric.Batch) {
			batches.Inc()
			for _, e := range b.Entries {
				if e.Series.Name == "zibrato.published.bytes" {
					told.Store(e.After.Sum.Int())
				}
			}
			tap.Load().Report(zibrato.Handled{Bytes: bytes, Spent: time.Microsecond})
		})
		if err != nil {
			t.Fatal(err)
		}
		tap.Store(attached)
		attached.Watch(nil, only("info"))
		r.Inc("c")
		time.Sleep(5 * time.Minute)
		before := batches.Load()
		time.Sleep(time.Hour)
		// Once a minute it tells what changed, and that again after 1, 2, 4 … 32 s; and the totals of what did not change, which may go alone.
		if n := batches.Load() - before; n < 59 || n > 61*(1+6+2) {
			t.Errorf("%d batches in an idle hour", n)
		}
		at := batches.Load()
		r.Inc("c")
		time.Sleep(5 * time.Second)
		if told.Load() < at*bytes {
			t.Errorf("told of %d bytes where %d were published before the last call", told.Load(), at*bytes)
		}
		if err := attached.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
