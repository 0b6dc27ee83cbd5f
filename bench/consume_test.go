package bench

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// A consumer takes a recorder's batches as a publisher does: it encodes each. It counts what is in them, and can hold the drain.
type consumer struct {
	tap      *zibrato.Tap
	frame    []byte // owned by deliver
	calls    atomic.Int64
	detailed atomic.Int64
	bytes    atomic.Int64
	nanos    atomic.Float64 // that timers reported in all
	hold     atomic.Pointer[hold]
}

// A hold stops the drain.
type hold struct{ held, free chan struct{} }

// everyLevel is what a backend wants.
func everyLevel(zibrato.Level) bool { return true }

// consume lets a recorder record, and takes summaries of all levels, as a backend does by default, until the benchmark ends.
func consume(b *testing.B, r *zibrato.Recorder) *consumer {
	b.Helper()
	c := &consumer{}
	tap, err := r.Attach(c.deliver)
	if err != nil {
		b.Fatal(err)
	}
	c.tap = tap
	tap.Watch(nil, everyLevel)
	b.Cleanup(func() {
		if err := tap.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return c
}

func (c *consumer) deliver(batch *metric.Batch) {
	c.frame = metric.AppendBatch(c.frame[:0], batch)
	c.bytes.Add(int64(len(c.frame)))
	for i := range batch.Entries {
		if e := &batch.Entries[i]; hasDetail(e.Series) {
			c.calls.Add(int64(e.After.Count - e.Before.Count))
			if e.Series.Kind == metric.Timer {
				c.nanos.Add(float64(e.After.Sum.Int() - e.Before.Sum.Int()))
			}
		}
	}
	for i := range batch.Summaries {
		s := &batch.Summaries[i]
		if hasDetail(batch.Entries[s.Entry].Series) {
			c.detailed.Add(int64(s.Count))
		}
	}
	if h := c.hold.Swap(nil); h != nil {
		close(h.held)
		<-h.free
	}
}

// hasDetail tells the calls of which single values matter from counters, and from the recorder's own series.
func hasDetail(s *metric.Series) bool {
	return s.Kind != metric.Counter && s.Kind != metric.UpDown && !strings.HasPrefix(s.Name, "zibrato.")
}

// flush lets all that was recorded be delivered.
func (c *consumer) flush() {
	if err := c.tap.Flush(context.Background()); err != nil {
		panic(err) // its context does not end
	}
}

// reset flushes and begins to count anew.
func (c *consumer) reset() {
	c.flush()
	c.calls.Store(0)
	c.detailed.Store(0)
	c.bytes.Store(0)
	c.nanos.Store(0)
}

// lost returns the share of the calls since reset whose detail did not come, and flushes.
func (c *consumer) lost() float64 {
	c.flush()
	calls := c.calls.Load()
	return float64(calls-c.detailed.Load()) / float64(max(calls, 1))
}

// stopDrain stops the drain until release is called. record must record something, so that there is a batch to deliver.
func (c *consumer) stopDrain(record func()) (release func()) {
	h := &hold{make(chan struct{}), make(chan struct{})}
	c.flush()
	c.hold.Store(h) // before there is anything that the drain could deliver without us
	record()
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		c.flush()
	}()
	<-h.held
	return func() {
		close(h.free)
		<-flushed
	}
}
