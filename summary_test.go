package zibrato_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// summaries attaches a consumer of summaries, whose batches outlive the call.
func summaries(t *testing.T, r *zibrato.Recorder, watch func(zibrato.Level) bool) *consumer {
	t.Helper()
	c := consume(t, r, nil)
	c.Watch(nil, watch)
	return c
}

// merged merges the summaries of a name.
func merged(batches []metric.Batch, name string) (m metric.Summary) {
	for _, b := range batches {
		for _, s := range b.Summaries {
			if b.Entries[s.Entry].Series.Name == name {
				m.Merge(&s.Summary)
			}
		}
	}
	return m
}

func TestSummariesSayWhatTheSamplesSay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // on one processor a gauge's samples are in order
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	folded, single := summaries(t, r, all), consume(t, r, all)
	rng := rand.New(rand.NewPCG(3, 1))
	timer, dist, gauge, updown, counter := r.NewTimer("t"), r.NewDistribution("d"), r.NewGauge("g"), r.NewUpDown("u"), r.NewCounter("c")
	for round := range 40 {
		for range rng.IntN(500) {
			timer.Observe(time.Duration(rng.ExpFloat64() * 1e6))
			dist.Record(rng.NormFloat64() * 1e3)
			gauge.Set(rng.Float64())
			updown.Add(int64(rng.IntN(9)) - 4)
			counter.Add(int64(rng.IntN(9)))
		}
		gauge.Set(float64(round))
		folded.flushed(t)
	}
	batches := single.flushed(t)
	for _, name := range []string{"t", "d", "g", "u"} {
		var want metric.Accumulator
		for _, b := range batches {
			for _, s := range b.Samples {
				if e := b.Entries[s.Entry].Series; e.Name == name {
					want.Add(e.Kind.InUnits(s.Value))
				}
			}
		}
		got, w := merged(folded.delivered(), name), want.Summary()
		if got.Count != w.Count || got.Min != w.Min || got.Max != w.Max || got.Last != w.Last {
			t.Errorf("%s: count %d, min %v, max %v, last %v; want %d, %v, %v, %v", name, got.Count, got.Min, got.Max, got.Last, w.Count, w.Min, w.Max, w.Last)
		}
		if math.Abs(got.Sum-w.Sum) > 1e-9*math.Abs(w.Sum)+1e-9 || math.Abs(got.M2-w.M2) > 1e-6*w.M2 {
			t.Errorf("%s: sum %v, M2 %v; want %v, %v", name, got.Sum, got.M2, w.Sum, w.M2)
		}
		if got.Hist.Count() != w.Count || got.Quantile(0.9) != w.Quantile(0.9) {
			t.Errorf("%s: a histogram of %d with p90 %v, want %d with %v", name, got.Hist.Count(), got.Quantile(0.9), w.Count, w.Quantile(0.9))
		}
		n, sum := totals(folded.delivered(), name)
		if wn, ws := totals(batches, name); n != wn || sum != ws || n == 0 {
			t.Errorf("%s: totals %d, %d in summaries, %d, %d in samples", name, n, sum, wn, ws)
		}
	}
	if n := merged(folded.delivered(), "c").Count; n != 0 {
		t.Errorf("a counter has a summary, of %d", n)
	}
	for _, b := range folded.delivered() {
		if b.Detail != metric.Summaries || len(b.Samples) > 0 {
			t.Fatalf("who wants summaries got %v with %d samples", b.Detail, len(b.Samples))
		}
	}
	for _, b := range batches {
		if b.Detail != metric.Samples || len(b.Summaries) > 0 {
			t.Fatalf("who wants samples got %v with %d summaries", b.Detail, len(b.Summaries))
		}
	}
}

// The sequence counts by level and detail, so that a receiver of one finds no gaps.
// Where nobody wants samples, timings are folded several at once: runs of one timer, and timers in any order.
func TestSummariesAloneSayWhatWasTimed(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // on one processor the last value is known
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	c := summaries(t, r, all)
	rng := rand.New(rand.NewPCG(3, 2))
	const timers = 40
	var made []*zibrato.Timer
	want := make([]metric.Accumulator, timers)
	sums := make([]int64, timers)
	for i := range timers {
		made = append(made, r.NewTimer(fmt.Sprint("t", i)))
	}
	for range 30 {
		for range rng.IntN(300) {
			i, run := rng.IntN(timers), 1
			if rng.IntN(20) == 0 {
				run = rng.IntN(200)
			}
			for range run {
				d := rng.Int64() >> (20 + rng.IntN(44)) // up to hours, and often 0
				made[i].Observe(time.Duration(d))
				want[i].Add(metric.Timer.InUnits(metric.IntValue(d)))
				sums[i] += d
			}
		}
		c.flushed(t)
	}
	batches := c.flushed(t)
	for i := range timers {
		name := fmt.Sprint("t", i)
		got, w := merged(batches, name), want[i].Summary()
		if count, sum := totals(batches, name); count != w.Count || sum != sums[i] {
			t.Errorf("%s: %d timings that took %d ns, want %d and %d", name, count, sum, w.Count, sums[i])
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }
		if got.Count != w.Count || !near(got.Sum, w.Sum) || !near(got.M2, w.M2) || got.Min != w.Min || got.Max != w.Max || got.Last != w.Last || got.Hist.Count() != w.Count {
			t.Errorf("%s: %+v, want %+v", name, got, w)
		}
		if q := []float64{got.Hist.Quantile(0.5), w.Hist.Quantile(0.5)}; got.Hist.Scale() == w.Hist.Scale() && q[0] != q[1] {
			t.Errorf("%s: the median is %v, want %v", name, q[0], q[1])
		}
	}
}

func TestEachDetailHasItsOwnSequence(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	folded, single := summaries(t, r, only("info")), consume(t, r, only("info"))
	for range 5 {
		r.Inc("x")
		single.flushed(t)
		r.Observe("y", 1)
		folded.flushed(t)
	}
	for _, c := range []*consumer{folded, single} {
		for i, b := range c.delivered() {
			if b.Seq != uint64(i+1) {
				t.Errorf("batch %d of %v has number %d", i+1, b.Detail, b.Seq)
			}
		}
	}
}

// Many series make many batches, of which each explains itself and stays within the size of a message.
func TestSummariesAreSplitToSize(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	c := summaries(t, r, only("info"))
	vec := r.NewTimerVec("many", []string{"n"})
	const series = 3000
	for i := range series {
		for j := range 20 {
			vec.With(string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))).Observe(time.Duration(1+i*j) * time.Microsecond)
		}
	}
	came := map[uint32]uint64{}
	for _, b := range c.flushed(t) {
		if n := len(metric.AppendBatch(nil, &b)); n > 128<<10 {
			t.Errorf("a batch of %d bytes", n)
		}
		for _, s := range b.Summaries {
			e := b.Entries[s.Entry]
			if e.Series.Name != "many" { // on a slow machine the recorder reports about itself meanwhile
				continue
			}
			came[e.ID] += s.Count
			if e.After.Count-e.Before.Count != s.Count {
				t.Errorf("series %d: %d calls, a summary of %d", e.ID, e.After.Count-e.Before.Count, s.Count)
			}
		}
	}
	if len(came) != series {
		t.Errorf("%d series came, want %d", len(came), series)
	}
	for id, n := range came {
		if n != 20 {
			t.Errorf("%d calls of series %d came, want 20", n, id)
		}
	}
}

// A summary goes on for Config.SummaryEvery; the first after a pause does not wait.
func TestSummariesComeOncePerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{SummaryEvery: 2 * time.Second})
		c := summaries(t, r, only("info"))
		stop := time.Now().Add(20 * time.Second)
		for time.Now().Before(stop) {
			r.Observe("x", time.Millisecond)
			time.Sleep(25 * time.Millisecond)
		}
		c.close(t)
		batches := slices.DeleteFunc(c.delivered(), func(b metric.Batch) bool { return len(b.Summaries) == 0 })
		if n := len(batches); n < 10 || n > 16 {
			t.Errorf("%d batches in 20 s", n)
		}
		if n := merged(batches, "x").Count; n != 800 {
			t.Errorf("%d samples are in them, want 800", n)
		}
	})
}

// Who begins to listen gets what begins then, not what was collected for others before.
func TestALateConsumerGetsABaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{SummaryEvery: time.Minute})
		early := summaries(t, r, only("info"))
		for range 10 {
			r.Observe("x", time.Millisecond)
			time.Sleep(time.Second)
		}
		late := summaries(t, r, only("info"))
		time.Sleep(time.Second)
		r.Observe("x", time.Millisecond)
		late.close(t)
		early.close(t)
		if n := merged(early.delivered(), "x").Count; n != 11 {
			t.Errorf("the early consumer has %d samples, want 11", n)
		}
		if n := merged(late.delivered(), "x").Count; n != 1 {
			t.Errorf("the late consumer has %d samples, want 1", n)
		}
		for _, b := range late.delivered() {
			for _, e := range b.Entries {
				if e.Series.Name == "x" && e.Before.Count < 10 {
					t.Errorf("the late consumer sees a gain from %d", e.Before.Count)
				}
			}
		}
	})
}

func TestABatchTellsTheTimeThatItCovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{})
		c := summaries(t, r, only("info"))
		several := make([]*zibrato.Distribution, 3000) // whose summaries take more than one batch
		for i := range several {
			several[i] = r.NewDistribution(fmt.Sprint("d", i))
		}
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			for _, d := range several {
				d.Record(1)
			}
		}
		// Batches of one pass cover the same time, and those of the next begin where it ends.
		var begin, end time.Duration
		for _, b := range c.flushed(t) {
			if len(b.Summaries) == 0 {
				continue
			}
			if b.Uptime != end {
				begin, end = end, b.Uptime
			}
			if got := b.Uptime - b.Interval; got != begin {
				t.Errorf("batch %d, at %v, tells of what was since %v, want %v", b.Seq, b.Uptime, got, begin)
			}
		}
		c.close(t)
	})
}

func TestABatchAfterAPauseCoversNoneOfIt(t *testing.T) {
	for _, detail := range []metric.Detail{metric.Samples, metric.Summaries} {
		synctest.Test(t, func(t *testing.T) {
			r := zibrato.New(zibrato.Config{})
			c := consume(t, r, nil)
			timer := r.NewTimer("t", zibrato.AtLevel(zibrato.LevelDebug))
			var watch [2]func(zibrato.Level) bool
			for range 3 {
				time.Sleep(time.Hour) // in which nobody watches
				watch[detail] = only("debug")
				c.Watch(watch[0], watch[1])
				timer.Observe(time.Second)
				time.Sleep(5 * time.Second)
				watch[detail] = nil
				c.Watch(watch[0], watch[1])
			}
			for _, b := range c.flushed(t) {
				if b.Interval > time.Minute {
					t.Errorf("%v: batch %d covers %v", detail, b.Seq, b.Interval)
				}
			}
			c.close(t)
		})
	}
}
