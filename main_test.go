package zibrato_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// consumer keeps copies of the batches that a tap delivers.
type consumer struct {
	*zibrato.Tap
	mu      sync.Mutex
	batches []metric.Batch
}

func all(zibrato.Level) bool { return true }

func only(levels ...zibrato.Level) func(zibrato.Level) bool {
	return func(l zibrato.Level) bool { return slices.Contains(levels, l) }
}

// consume attaches a consumer, which the test detaches at the latest when it ends.
func consume(t testing.TB, r *zibrato.Recorder, watch func(zibrato.Level) bool) *consumer {
	t.Helper()
	c := &consumer{}
	tap, err := r.Attach(func(b *metric.Batch) {
		c.mu.Lock()
		defer c.mu.Unlock()
		own := *b
		own.Entries, own.Samples, own.Notices = slices.Clone(b.Entries), slices.Clone(b.Samples), slices.Clone(b.Notices)
		own.Summaries = slices.Clone(b.Summaries)
		for i := range own.Summaries {
			h := &own.Summaries[i].Hist
			*h = h.Clone()
		}
		c.batches = append(c.batches, own)
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Tap = tap
	t.Cleanup(func() { c.close(t) })
	tap.Watch(watch, nil)
	return c
}

func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (c *consumer) close(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := c.Tap.Close(ctx); err != nil {
		t.Error(err)
	}
}

// flushed returns what was delivered so far, all that was recorded included.
func (c *consumer) flushed(t testing.TB) []metric.Batch {
	t.Helper()
	if err := c.Flush(patient(t)); err != nil {
		t.Fatal(err)
	}
	return c.delivered()
}

func (c *consumer) delivered() []metric.Batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.batches)
}

// values returns the samples of a name, in order.
func values(batches []metric.Batch, name string) (out []metric.Value) {
	for _, b := range batches {
		for _, s := range b.Samples {
			if b.Entries[s.Entry].Series.Name == name {
				out = append(out, s.Value)
			}
		}
	}
	return out
}

// totals returns the last totals of the series of a name, added up.
func totals(batches []metric.Batch, name string) (count uint64, sum int64) {
	last := map[uint32]metric.Totals{}
	for _, b := range batches {
		for _, e := range b.Entries {
			if e.Series.Name == name {
				last[e.ID] = e.After
			}
		}
	}
	for _, t := range last {
		count += t.Count
		sum += t.Sum.Int()
	}
	return count, sum
}

// until waits for a condition that other goroutines bring about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for give := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(give) {
			t.Fatalf("waited 30 s for %s", what)
		}
	}
}
