//go:build cgo

package backend_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// Summaries that a program merges come through a forwarder: to a backend that takes summaries whole, to one that takes samples with exact counts and sums.
func TestWhatAProgramMergesComesThrough(t *testing.T) {
	fwd := forward(t)
	single, folded := receive(t, fwd, subscriber.Samples, bothLevels...), receive(t, fwd, subscriber.Summaries, bothLevels...)
	rec := zibrato.New(zibrato.Config{Source: "test", SummaryEvery: 50 * time.Millisecond})
	pub := publish(t, rec, fwd)
	await(t, "both backends subscribe", func() bool { s := pub.Stats(); return s.SamplesTopics == 2 && s.SummariesTopics == 2 })
	rng := rand.New(rand.NewPCG(7, 7))
	timer, dist := rec.NewTimer("t", zibrato.AtLevel(zibrato.LevelDebug)), rec.NewDistribution("d")
	var times, sizes []float64
	var nanoseconds int64
	observed := uint64(0)
	for round := range 100 {
		var ts, ds metric.Summary
		for range 1 + rng.IntN(30) {
			ns := rng.Int64N(1 << rng.IntN(30))
			nanoseconds += ns
			ts.Add(float64(ns) / 1e9)
			v := float64(rng.IntN(1000))
			ds.Add(v)
			times, sizes = append(times, float64(ns)/1e9), append(sizes, v)
		}
		timer.Merge(&ts)
		dist.Merge(&ds)
		if round%3 == 0 {
			timer.Observe(time.Millisecond)
			nanoseconds += int64(time.Millisecond)
			times = append(times, 1e-3)
			observed++
		}
		if round%10 == 0 {
			time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond) // so that there are several batches
		}
	}
	mark(t, []*zibrato.Recorder{rec}, []*publisher.Publisher{pub})
	sum := 0.0
	for _, v := range sizes {
		sum += v
	}
	for detail, p := range map[metric.Detail]*pipeline{subscriber.Samples: single, subscriber.Summaries: folded} {
		p.awaitMark(t, 1, []*zibrato.Recorder{rec}, bothLevels...)
		all := p.finish(t)
		ts, ds := all["debug t"], all["info d"]
		if ts == nil || ds == nil {
			t.Fatalf("%v: %v", detail, all)
		}
		if ts.Count != uint64(len(times)) || ts.IntSum != nanoseconds || ds.Count != uint64(len(sizes)) || ds.Sum != sum {
			t.Errorf("%v: %d timings of %d ns and %d sizes of %v, want %d, %d, %d, %v", detail, ts.Count, ts.IntSum, ds.Count, ds.Sum, len(times), nanoseconds, len(sizes), sum)
		}
		if detail == subscriber.Samples {
			if lost := p.backend.Stats().LostSamples; ts.Detail.Count != observed || lost != uint64(len(times)+len(sizes))-observed {
				t.Errorf("%d timings came as samples, %d samples are lost; want %d and %d", ts.Detail.Count, lost, observed, uint64(len(times)+len(sizes))-observed)
			}
			continue
		}
		if st := p.backend.Stats(); st.LostSamples != 0 {
			t.Errorf("lost: %+v", st)
		}
		for name, want := range map[*metric.Aggregate][]float64{ts: times, ds: sizes} {
			slices.Sort(want)
			d := &name.Detail
			if d.Count != uint64(len(want)) || d.Min != want[0] || d.Max != want[len(want)-1] {
				t.Errorf("%s: %d from %v to %v, want %d from %v to %v", name.Name, d.Count, d.Min, d.Max, len(want), want[0], want[len(want)-1])
			}
			for _, q := range []float64{0.25, 0.5, 0.99} {
				v := want[int(math.Ceil(q*float64(len(want))))-1]
				if got := d.Quantile(q); math.Abs(got-v) > 1.0001*d.Hist.RelativeError()*v {
					t.Errorf("%s: quantile %v is %v, want %v", name.Name, q, got, v)
				}
			}
		}
	}
}
