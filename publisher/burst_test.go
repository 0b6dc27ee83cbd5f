//go:build cgo

package publisher_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/subscriber"
)

// The last totals of all series come at once, and may be more than the queue holds. Nothing follows that would make up for them.
func TestClosingSendsMoreThanTheQueueHolds(t *testing.T) {
	fwd := startForwarder(t, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	sub, err := subscriber.Start(subscriber.Config{From: fwd.out, Levels: metric.Levels{metric.Debug}, Detail: subscriber.Summaries})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	var told atomic.Int64
	final := make(chan struct{})
	go sub.Receive(context.Background(), func(b *metric.Batch) {
		told.Add(int64(len(b.Entries)))
		if b.Final {
			close(final)
		}
	})

	const many = 5_000
	rec := zibrato.New(zibrato.Config{AlwaysOn: []zibrato.Level{}})
	pub := start(t, publisher.Config{Recorder: rec, Endpoint: fwd.in, QueueBytes: metric.MaxFrame})
	tag := zibrato.Tag("tag", strings.Repeat("x", metric.MaxTagValueLen))
	var series []*zibrato.Counter
	for i := range many {
		series = append(series, rec.NewCounter(fmt.Sprintf("%0*d", metric.MaxNameLen, i), zibrato.AtLevel(zibrato.LevelDebug),
			tag, zibrato.Source(strings.Repeat("y", metric.MaxNameLen)), zibrato.WithHelp(strings.Repeat("z", metric.MaxHelpLen))))
	}
	await(t, "somebody listens", func() bool { return pub.Stats().SummariesTopics == 1 })
	for _, c := range series {
		c.Inc()
	}
	if err := pub.Shutdown(within(t)); err != nil { // Close has less time than a busy machine may need
		t.Error(err)
	}
	select {
	case <-final:
	case <-within(t).Done():
		t.Error("the last message did not come")
	}
	if n := told.Load(); n < many {
		t.Errorf("totals of %d series came, want %d", n, many)
	}
}
