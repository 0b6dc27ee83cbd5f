package harness

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// A Consumer takes a recorder's batches as a publisher does: it encodes each. It counts what is in them, and can hold the drain. All
// methods may be called from any goroutine.
type Consumer struct {
	tap      *zibrato.Tap
	frame    []byte // owned by deliver
	calls    atomic.Int64
	detailed atomic.Int64
	nanos    atomic.Float64
	hold     atomic.Pointer[hold]
}

// A hold stops the drain.
type hold struct{ held, free chan struct{} }

// Consume lets a recorder record, and takes summaries of all levels, as a backend does by default, until the test ends.
func Consume(tb testing.TB, r *zibrato.Recorder) *Consumer {
	tb.Helper()
	c := &Consumer{}
	tap, err := r.Attach(c.deliver)
	if err != nil {
		tb.Fatal(err)
	}
	c.tap = tap
	tap.Watch(nil, func(zibrato.Level) bool { return true })
	tb.Cleanup(func() {
		if err := tap.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return c
}

func (c *Consumer) deliver(batch *metric.Batch) {
	c.frame = metric.AppendBatch(c.frame[:0], batch)
	for i := range batch.Entries {
		if e := &batch.Entries[i]; HasDetail(e.Series) {
			c.calls.Add(int64(e.After.Count - e.Before.Count))
			if e.Series.Kind == metric.Timer {
				c.nanos.Add(float64(e.After.Sum.Int() - e.Before.Sum.Int()))
			}
		}
	}
	for i := range batch.Summaries {
		s := &batch.Summaries[i]
		if HasDetail(batch.Entries[s.Entry].Series) {
			c.detailed.Add(int64(s.Count))
		}
	}
	if h := c.hold.Swap(nil); h != nil {
		close(h.held)
		<-h.free
	}
}

// HasDetail tells series whose single values matter from counters, and from the recorder's own series.
func HasDetail(s *metric.Series) bool {
	return s.Kind != metric.Counter && s.Kind != metric.UpDown && !strings.HasPrefix(s.Name, "zibrato.")
}

// Timers returns so many timers that differ by a tag.
func Timers(r *zibrato.Recorder, n int) []*zibrato.Timer {
	vec := r.NewTimerVec("t", []string{"k"})
	timers := make([]*zibrato.Timer, n)
	for i := range timers {
		timers[i] = vec.With(strconv.Itoa(i))
	}
	return timers
}

// Flush lets all that was recorded be delivered.
func (c *Consumer) Flush() {
	if err := c.tap.Flush(context.Background()); err != nil {
		panic(err) // its context does not end
	}
}

// Reset flushes and begins to count anew.
func (c *Consumer) Reset() {
	c.Flush()
	c.calls.Store(0)
	c.detailed.Store(0)
	c.nanos.Store(0)
}

// Calls flushes and returns how many calls of timers, distributions and gauges were recorded since Reset.
func (c *Consumer) Calls() int64 {
	c.Flush()
	return c.calls.Load()
}

// Lost flushes and returns the share of these calls whose detail did not come.
func (c *Consumer) Lost() float64 {
	calls := c.Calls()
	return float64(calls-c.detailed.Load()) / float64(max(calls, 1))
}

// MeanNanos flushes and returns the mean of what timers reported since Reset.
func (c *Consumer) MeanNanos() float64 {
	calls := c.Calls()
	return c.nanos.Load() / float64(max(calls, 1))
}

// StopDrain stops the drain until release is called. record must record something, so that there is a batch to deliver.
func (c *Consumer) StopDrain(record func()) (release func()) {
	h := &hold{make(chan struct{}), make(chan struct{})}
	c.Flush()
	c.hold.Store(h) // before there is anything that the drain could deliver without us
	record()
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		c.Flush()
	}()
	<-h.held
	return func() {
		close(h.free)
		<-flushed
	}
}
