//go:build cgo

package publisher

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// What is held back until nobody is waited for any more is lost, and what it told of is counted like what found no room.
func TestSamplesInMessagesThatAreDroppedLateAreCountedAsLost(t *testing.T) {
	for _, d := range []metric.Detail{metric.Samples, metric.Summaries} {
		t.Run(d.String(), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			rec := zibrato.New(zibrato.Config{})
			var told atomic.Int64
			self, err := rec.Attach(func(b *metric.Batch) {
				for _, e := range b.Entries {
					if e.Series.Name == "zibrato.samples.lost" && e.Series.Tag("where") == "publisher" {
						told.Store(e.After.Sum.Int())
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			defer self.Close(ctx)
			self.Watch(nil, metric.Levels{metric.Info}.Include)

			p := &Publisher{queue: newQueue(metric.MaxFrame), log: slog.New(slog.DiscardHandler), subscriptions: newSubscriptions(time.Minute)}
			p.subscriptions.hear([]byte(gained+form(Binary, d)+"debug|"), up, begun)
			p.interest.Store(p.subscriptions.interest())
			if p.tap, err = rec.Attach(p.deliver); err != nil {
				t.Fatal(err)
			}
			defer p.tap.Close(ctx)
			p.tap.Watch(p.interest.Load().wanted(metric.SamplesTopic), p.interest.Load().wanted(metric.SummariesTopic))
			timer := rec.NewTimer("t", zibrato.AtLevel(zibrato.LevelDebug))
			const calls = 100
			for range calls {
				timer.Observe(time.Second)
			}
			if err := p.tap.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			if n, _ := p.queue.len(); n == 0 {
				t.Fatal("nothing is queued")
			}
			p.send(nil) // there is no connection
			if n, _ := p.queue.len(); n == 0 {
				t.Fatal("nothing is held back")
			}
			p.subscriptions.hear([]byte(gone+form(Binary, d)+"debug|"), up, begun)
			p.interest.Store(p.subscriptions.interest())
			p.recall()
			if err := self.Flush(ctx); err != nil {
				t.Fatal(err)
			}
			if n := told.Load(); n != calls {
				t.Errorf("%d samples are told as lost, want %d", n, calls)
			}
		})
	}
}
