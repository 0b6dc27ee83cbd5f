package zibrato_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

// summaryOf makes the summary of values of a timer, in nanoseconds.
func summaryOf(values ...int64) *metric.Summary {
	var s metric.Summary
	for _, v := range values {
		s.Add(float64(v) / 1e9)
	}
	return &s
}

// Parts of the values are merged, the others observed, while others observe and drains go on: the totals and the summary are those of all values.
func TestWhatIsMergedIsAsIfItWereRecorded(t *testing.T) {
	r := zibrato.New(zibrato.Config{SummaryEvery: time.Millisecond})
	defer r.Close()
	c := summaries(t, r, all)
	timer, dist := r.NewTimer("t"), r.NewDistribution("d")
	const goroutines = 4
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times []int64
		sizes []float64
	)
	for g := range goroutines {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(5, uint64(g)))
			for range 300 {
				var ts []int64
				var ds metric.Summary
				var raw []float64
				for range 1 + rng.IntN(20) {
					ts = append(ts, rng.Int64N(1<<rng.IntN(40)))
					v := float64(rng.IntN(1<<20)) - 1<<19
					ds.Add(v)
					raw = append(raw, v)
				}
				if rng.IntN(4) == 0 {
					for i := range ts {
						timer.Observe(time.Duration(ts[i]))
						dist.Record(raw[i])
					}
				} else {
					s := summaryOf(ts...)
					timer.Merge(s)
					dist.Merge(&ds)
					*s, ds = metric.Summary{}, metric.Summary{} // which are the caller's again
				}
				mu.Lock()
				times, sizes = append(times, ts...), append(sizes, raw...)
				mu.Unlock()
			}
		})
	}
	var done atomic.Bool
	var churn sync.WaitGroup
	churn.Go(func() {
		for !done.Load() {
			c.Flush(patient(t))
		}
	})
	wg.Wait()
	done.Store(true)
	churn.Wait()
	bs := c.flushed(t)

	var sum int64
	seconds := make([]float64, len(times))
	for i, v := range times {
		sum += v
		seconds[i] = float64(v) / 1e9
	}
	if n, got := totals(bs, "t"); n != uint64(len(times)) || got != sum {
		t.Errorf("the timer has %d calls that took %d ns, want %d and %d", n, got, len(times), sum)
	}
	var exact float64 // below 2^53, so that no order rounds
	for _, v := range sizes {
		exact += v
	}
	if got := lastTotals(bs, "d"); got.Count != uint64(len(sizes)) || got.Sum.Float() != exact {
		t.Errorf("the distribution has %d values with sum %v, want %d and %v", got.Count, got.Sum.Float(), len(sizes), exact)
	}
	for name, want := range map[string][]float64{"t": seconds, "d": sizes} {
		slices.Sort(want)
		got := merged(bs, name)
		if got.Count != uint64(len(want)) || got.Min != want[0] || got.Max != want[len(want)-1] {
			t.Errorf("%s: %d values from %v to %v, want %d from %v to %v", name, got.Count, got.Min, got.Max, len(want), want[0], want[len(want)-1])
		}
		mean, m2 := 0.0, 0.0
		for _, v := range want {
			mean += v / float64(len(want))
		}
		for _, v := range want {
			m2 += (v - mean) * (v - mean)
		}
		if math.Abs(got.M2-m2) > 1e-6*m2 {
			t.Errorf("%s: M2 %v, want %v", name, got.M2, m2)
		}
		for _, q := range []float64{0.1, 0.5, 0.9, 0.99} {
			v := want[int(math.Ceil(q*float64(len(want))))-1]
			if d := math.Abs(got.Quantile(q) - v); d > 1.0001*got.Hist.RelativeError()*math.Abs(v) {
				t.Errorf("%s: quantile %v is %v, want %v", name, q, got.Quantile(q), v)
			}
		}
	}
	if n, _ := totals(bs, "zibrato.samples.lost"); n != 0 {
		t.Errorf("%d samples are lost to somebody who wants none", n)
	}
}

// lastTotals returns the totals of the one series of that name.
func lastTotals(batches []metric.Batch, name string) (last metric.Totals) {
	for _, b := range batches {
		for _, e := range b.Entries {
			if e.Series.Name == name {
				last = e.After
			}
		}
	}
	return last
}

func TestWhoWantsSamplesIsToldWhatCannotBeOne(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	single, folded := consume(t, r, all), summaries(t, r, all)
	timer := r.NewTimer("t")
	timer.Observe(7)
	timer.Merge(summaryOf(1, 2, 3))
	r.NewDistribution("d").Merge(&metric.Summary{Count: 5, Sum: -2.5}) // of which there is no detail for anybody
	single.flushed(t)
	bs := folded.flushed(t)
	for _, bs := range [][]metric.Batch{single.delivered(), bs} {
		if n, sum := totals(bs, "t"); n != 4 || sum != 13 {
			t.Errorf("%d calls that took %d ns, want 4 and 13", n, sum)
		}
		if got := lastTotals(bs, "d"); got.Count != 5 || got.Sum.Float() != -2.5 {
			t.Errorf("totals %+v", got)
		}
		if n, _ := totals(bs, "zibrato.samples.lost"); n != 3+5 {
			t.Errorf("%d samples are counted as lost, want 8", n)
		}
	}
	if vs := values(single.delivered(), "t"); len(vs) != 1 || vs[0].Int() != 7 {
		t.Errorf("samples %v, want the one that was observed", vs)
	}
	if s := merged(bs, "t"); s.Count != 4 || s.Min != 1e-9 || s.Max != 7e-9 {
		t.Errorf("summary %+v", s)
	}
	if s := merged(bs, "d"); s.Count != 0 {
		t.Errorf("a summary was made of nothing: %+v", s)
	}
}

func TestWhatCannotBeMergedIsMisuse(t *testing.T) {
	rec := zibratotest.New(t)
	timer, dist := rec.NewTimer("t"), rec.NewDistribution("d")
	negative := &metric.Summary{}
	negative.Add(-1)
	wrong := summaryOf(1, 2)
	wrong.Count++
	nan := summaryOf(1)
	nan.M2 = math.NaN()
	wraps := &metric.Summary{Count: 1, Hist: metric.Histogram{Zero: 1, Positive: metric.Buckets{Counts: []uint64{math.MaxUint64}}}}
	n := uint64(0)
	for _, s := range []*metric.Summary{negative, wrong, nan, wraps, {Count: 1, Sum: math.NaN()}, {Count: 1, Sum: math.Inf(1)}, {Count: 1, Sum: -1}, {Count: 1, Sum: 1e10}, {Count: 1<<62 + 1}} {
		timer.Merge(s)
		n++
	}
	for _, s := range []*metric.Summary{wrong, nan, wraps, {Count: 1, Sum: math.NaN()}, {Count: math.MaxUint64}} {
		dist.Merge(s)
		n++
	}
	timer.Merge(nil)
	timer.Merge(&metric.Summary{Sum: 3}) // of nothing
	if got := rec.Misuses(); got["summary"] != n || len(got) != 1 {
		t.Errorf("misuses %v, want %d", got, n)
	}
	if rec.Calls("t")+rec.Calls("d") != 0 {
		t.Errorf("%d and %d calls were recorded", rec.Calls("t"), rec.Calls("d"))
	}
	dist.Merge(negative)
	dist.Merge(&metric.Summary{Count: 1 << 61})
	dist.Merge(&metric.Summary{Count: 1 << 61}) // one too many
	if got := rec.Calls("d"); got != 1+1<<61 {
		t.Errorf("%d calls, want %d", got, uint64(1+1<<61))
	}
}

// A sum that has no room stays at its limit, as it does for what is recorded.
func TestMergedSumsStayAtTheirLimits(t *testing.T) {
	rec := zibratotest.New(t)
	for range 3 {
		rec.NewTimer("t").Merge(&metric.Summary{Count: 1, Sum: 9e9})
		rec.NewDistribution("d").Merge(&metric.Summary{Count: 1, Sum: math.MaxFloat64})
	}
	if sum := rec.Sum("t"); sum != float64(math.MaxInt64)/1e9 {
		t.Errorf("the timer's sum is %v", sum)
	}
	if sum := rec.Sum("d"); sum != math.MaxFloat64 {
		t.Errorf("the distribution's sum is %v", sum)
	}
	if rec.Calls("t") != 3 || rec.Calls("d") != 3 {
		t.Errorf("%d and %d calls, want 3 of each", rec.Calls("t"), rec.Calls("d"))
	}
}

func TestMergingObeysTheLevelAndTheBoundOnSeries(t *testing.T) {
	r := zibrato.New(zibrato.Config{MaxSeries: 1, AlwaysOn: []zibrato.Level{}})
	defer r.Close()
	debug := r.NewTimer("debug", zibrato.AtLevel(zibrato.LevelDebug))
	c := summaries(t, r, only("info"))
	debug.Merge(summaryOf(1))
	r.NewTimer("second").Merge(summaryOf(5, 6))
	bs := c.flushed(t)
	if n, _ := totals(bs, "debug"); n != 0 {
		t.Errorf("%d calls of an unwatched level were recorded", n)
	}
	if n, sum := totals(bs, "zibrato.overflow"); n != 2 || sum != 11 {
		t.Errorf("the overflow series has %d calls that took %d ns, want 2 and 11", n, sum)
	}
	if s := merged(bs, "zibrato.overflow"); s.Count != 2 {
		t.Errorf("a summary of %d", s.Count)
	}
	c.close(t)
	r.NewTimer("second").Merge(summaryOf(1)) // nobody consumes
	late := summaries(t, r, only("info"))
	if n, _ := totals(late.flushed(t), "zibrato.overflow"); n != 2 {
		t.Errorf("%d calls, want the 2 of before", n)
	}
}

// An idle drain looks for it by itself.
func TestWhatIsMergedWaitsASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := zibrato.New(zibrato.Config{})
		c := summaries(t, r, all)
		time.Sleep(time.Minute)
		r.NewTimer("t").Merge(summaryOf(1))
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if n, _ := totals(c.delivered(), "t"); n != 1 {
			t.Errorf("%d calls arrived, want 1", n)
		}
		c.close(t)
	})
}

// While the drain stands still, what is merged takes no more memory than one summary a series.
func TestMergingTakesBoundedMemory(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	release := stall(t, r)
	s := summaryOf(1, 1e3, 1e6, 1e9)
	var timers []*zibrato.Timer
	for i := range 50 {
		timers = append(timers, r.NewTimer(fmt.Sprint("t", i)))
		timers[i].Merge(s)
	}
	before := heap()
	const more = 2000
	for range more {
		for _, timer := range timers {
			timer.Merge(s)
		}
	}
	if grown := int64(heap()) - int64(before); grown > 1<<20 {
		t.Errorf("100,000 more summaries left %d bytes on the heap", grown)
	}
	c := summaries(t, r, all)
	release()
	bs := c.flushed(t)
	for i := range timers {
		name := fmt.Sprint("t", i)
		if n, sum := totals(bs, name); n != 4*(1+more) || sum != (1+more)*1_001_001_001 {
			t.Fatalf("%s: %d calls that took %d ns", name, n, sum)
		}
	}
}
