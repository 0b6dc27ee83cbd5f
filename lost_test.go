package zibrato_test

import (
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/ring"
)

// stall attaches a consumer that holds the drain until release is called.
func stall(t *testing.T, r *zibrato.Recorder) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	var hold, once sync.Once
	tap, err := r.Attach(func(*metric.Batch) { hold.Do(func() { close(held); <-free }) })
	if err != nil {
		t.Fatal(err)
	}
	tap.Watch(only("stall"), nil)
	t.Cleanup(func() { tap.Close(patient(t)) })
	r.With(zibrato.AtLevel("stall")).Inc("stall")
	<-held
	release = func() { once.Do(func() { close(free) }) }
	t.Cleanup(release)
	return release
}

func TestAFullRingLosesSamplesButNoCounts(t *testing.T) {
	r := zibrato.New(zibrato.Config{RingBytes: ring.SegmentBytes, Latency: 1e6})
	c := consume(t, r, only("info"))
	release := stall(t, r)
	const calls = 50_000
	timer, dist, gauge, counter := r.NewTimer("t"), r.NewDistribution("d"), r.NewGauge("g"), r.NewCounter("c")
	var sum int64
	for i := range int64(calls) {
		timer.Observe(time.Duration(i))
		dist.Record(float64(i))
		gauge.Set(float64(i))
		counter.Add(i)
		sum += i
	}
	release()
	bs := c.flushed(t)

	last := map[string]metric.Totals{}
	samples := map[string]uint64{}
	for _, b := range bs {
		for _, e := range b.Entries {
			last[e.Series.Name] = e.After
		}
		for _, s := range b.Samples {
			samples[b.Entries[s.Entry].Series.Name]++
		}
	}
	for name, want := range map[string]metric.Totals{
		"t": {Count: calls, Sum: metric.IntValue(sum)},
		"d": {Count: calls, Sum: metric.FloatValue(float64(sum))},
		"g": {Count: calls},
		"c": {Count: calls, Sum: metric.IntValue(sum)},
	} {
		if last[name] != want {
			t.Errorf("%s: totals %+v, want %+v", name, last[name], want)
		}
	}
	got := samples["t"] + samples["d"] + samples["g"]
	lost := uint64(last["zibrato.samples.lost"].Sum.Int())
	if lost == 0 || got == 0 || got+lost != 3*calls {
		t.Errorf("%d samples came and %d are counted as lost, want %d together", got, lost, 3*calls)
	}
	if vs := values(bs, "g"); vs[len(vs)-1].Float() != calls-1 {
		t.Errorf("the gauge's last sample is %v, want %v", vs[len(vs)-1].Float(), calls-1)
	}

	// When the drain is back, samples come again.
	timer.Observe(1)
	before := samples["t"]
	if after := uint64(len(values(c.flushed(t), "t"))); after != before+1 {
		t.Errorf("%d samples came after the recovery, want 1", after-before)
	}
}
