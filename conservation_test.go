package zibrato_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// Whatever goroutines, processors and the collector do, every call is counted once and every sample comes once.
func TestNothingIsLostOrDoubledUnderConcurrency(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	r := zibrato.New(zibrato.Config{Latency: time.Millisecond})
	c := consume(t, r, all)

	const producers = 8
	calls := 20_000
	if testing.Short() {
		calls = 2000
	}
	var done atomic.Bool
	var churn, work sync.WaitGroup
	churn.Go(func() {
		for i := 0; !done.Load(); i++ {
			runtime.GOMAXPROCS(1 + i%6)
			runtime.GC()
		}
	})
	churn.Go(func() {
		for !done.Load() {
			c.Flush(patient(t))
		}
	})
	timer, counter, updown, dist := r.NewTimer("t"), r.NewCounter("c"), r.NewUpDown("u"), r.NewDistribution("d")
	debug := r.With(zibrato.AtLevel("debug"))
	for p := range producers {
		work.Go(func() {
			for i := range calls {
				id := p*calls + i
				timer.Observe(time.Duration(id))
				counter.Add(int64(i % 3))
				updown.Add(int64(i%5) - 2)
				dist.Record(float64(id))
				debug.Observe("by name", time.Duration(id))
				if i%256 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	work.Wait()
	done.Store(true)
	churn.Wait()
	bs := c.flushed(t)
	checkChain(t, bs)

	n := producers * calls
	ids := int64(n) * int64(n-1) / 2
	var sum3, sum5 int64
	for i := range calls {
		sum3 += int64(i % 3)
		sum5 += int64(i%5) - 2
	}
	want := map[string]metric.Totals{
		"t":       {Count: uint64(n), Sum: metric.IntValue(ids)},
		"by name": {Count: uint64(n), Sum: metric.IntValue(ids)},
		"c":       {Count: uint64(n), Sum: metric.IntValue(producers * sum3)},
		"u":       {Count: uint64(n), Sum: metric.IntValue(producers * sum5)},
		"d":       {Count: uint64(n), Sum: metric.FloatValue(float64(ids))}, // exact: below 2^53
	}
	got := map[string]metric.Totals{}
	for _, b := range bs {
		for _, e := range b.Entries {
			got[e.Series.Name] = e.After
		}
	}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: totals %+v, want %+v", name, got[name], w)
		}
	}
	lost := uint64(got["zibrato.samples.lost"].Sum.Int())
	came := 0
	for name, id := range map[string]func(metric.Value) int64{
		"t": metric.Value.Int, "by name": metric.Value.Int, "d": func(v metric.Value) int64 { return int64(v.Float()) },
	} {
		seen := make([]bool, n)
		for _, v := range values(bs, name) {
			came++
			if seen[id(v)] {
				t.Fatalf("%s: sample %d came twice", name, id(v))
			}
			seen[id(v)] = true
		}
	}
	if uint64(came)+lost != uint64(3*n) {
		t.Errorf("%d samples came and %d are counted as lost, want %d together", came, lost, 3*n)
	}
}

// Instruments may be made, watched and consumed from many goroutines at once.
func TestEverythingMayHappenAtOnce(t *testing.T) {
	r := zibrato.New(zibrato.Config{Latency: time.Millisecond, MaxSeries: 500, AskEvery: time.Millisecond})
	c := consume(t, r, all)
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("n%03d", i)
	}
	const goroutines, rounds = 6, 2000
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			vec := r.NewCounterVec("vec", []string{"k"})
			for i := range rounds {
				n := names[(i*7+g)%len(names)]
				r.Inc(n)
				vec.With(n).Inc()
				defer r.Time(n)()
				switch i % 200 {
				case 0:
					other := consume(t, r, only("debug"))
					other.Watch(all, nil)
					other.close(t)
				case 50:
					defer r.NewGaugeFunc(n, func() float64 { return 1 })()
				case 100:
					r.With(zibrato.AtLevel(zibrato.Level(n))).Set(n, 1)
				}
			}
		})
	}
	wg.Wait()
	var n uint64
	for _, b := range c.flushed(t) {
		for _, e := range b.Entries {
			if e.Series.Kind == metric.Counter && (len(e.Series.Name) == 4 || e.Series.Name == "vec" || e.Series.Name == "zibrato.overflow") {
				n += e.After.Count - e.Before.Count
			}
		}
	}
	if want := uint64(2 * goroutines * rounds); n != want {
		t.Errorf("%d calls of counters arrived, want %d", n, want)
	}
}

// On one processor the samples of a producer come in the order of its calls, whoever else records, also where the ring is full in between.
func TestAProducersSamplesComeInItsOrder(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := zibrato.New(zibrato.Config{RingBytes: 3 * ring.SegmentBytes, Latency: time.Millisecond})
	c := consume(t, r, only("info"))
	const producers, calls = 3, 60_000
	var work sync.WaitGroup
	for p := range producers {
		timer := r.NewTimer(fmt.Sprint("t", p))
		work.Go(func() {
			for i := range calls {
				timer.Observe(time.Duration(i))
				if i%1000 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	work.Wait()
	bs := c.flushed(t)
	came := 0
	for p := range producers {
		name, last := fmt.Sprint("t", p), int64(-1)
		for _, v := range values(bs, name) {
			if came++; v.Int() <= last {
				t.Fatalf("%s: sample %d came after %d", name, v.Int(), last)
			}
			last = v.Int()
		}
		if n, sum := totals(bs, name); n != calls || sum != calls*(calls-1)/2 {
			t.Errorf("%s: %d calls with sum %d, want %d and %d", name, n, sum, calls, calls*(calls-1)/2)
		}
	}
	_, lost := totals(bs, "zibrato.samples.lost")
	if int64(came)+lost != producers*calls {
		t.Errorf("%d samples came and %d are counted as lost, want %d together", came, lost, producers*calls)
	}
}
