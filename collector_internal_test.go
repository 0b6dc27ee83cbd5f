package zibrato

import (
	"testing"

	"github.com/zibrato/zibrato/metric"
)

// pausedPass begins a pass of the drain, as the goroutine does, and leaves it to the test to go on.
func pausedPass(t *testing.T, r *Recorder) *drainPass {
	t.Helper()
	r.draining <- struct{}{}
	p := r.newPass()
	p.welcome()
	return p
}

// collector keeps what a consumer is told of one series.
type collector struct {
	*Tap
	name    string
	batches int
	samples int
	gain    uint64
	values  []float64 // of the samples
}

func collect(t *testing.T, r *Recorder, name string) *collector {
	t.Helper()
	c := &collector{name: name}
	tap, err := r.Attach(func(b *metric.Batch) {
		c.batches++
		for _, e := range b.Entries {
			if e.Series.Name == name {
				c.gain += e.After.Count - e.Before.Count
			}
		}
		for _, s := range b.Samples {
			if e := b.Entries[s.Entry].Series; e.Name == name {
				c.samples++
				c.values = append(c.values, e.Kind.InUnits(s.Value))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Tap = tap
	return c
}

func everything(Level) bool { return true }
