package integrations

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zslog"
	"github.com/zibrato/zibrato/metric"
)

// promHandler counts records with client_golang, as one writes it by hand: there is no established package for it.
type promHandler struct {
	slog.Handler
	records *prometheus.CounterVec
}

func (h promHandler) Handle(ctx context.Context, r slog.Record) error {
	h.records.WithLabelValues(r.Level.String()).Inc()
	return h.Handler.Handle(ctx, r)
}

// totalled returns what counters of a name add up to. Who begins to listen is told all totals.
func totalled(tb testing.TB, rec *zibrato.Recorder, name string) int {
	sums := map[uint32]int64{}
	tap, err := rec.Attach(func(b *metric.Batch) {
		for _, e := range b.Entries {
			if e.Series.Name == name {
				sums[e.ID] = e.After.Sum.Int()
			}
		}
	})
	must(tb, err)
	tap.Watch(nil, func(zibrato.Level) bool { return true })
	must(tb, tap.Close(context.Background()))
	n := int64(0)
	for _, sum := range sums {
		n += sum
	}
	return int(n)
}

// loggers log a record with an attribute as JSON, to nowhere.
func loggers(tb testing.TB) []rival {
	next := slog.NewJSONHandler(io.Discard, nil)
	run := func(h slog.Handler) func(n int) {
		l, ctx := slog.New(h), context.Background()
		return func(n int) {
			for range n {
				l.LogAttrs(ctx, slog.LevelInfo, "served", slog.Int("items", 3))
			}
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	records := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "log_records_total"}, []string{"level"})
	return []rival{
		{name: bare, run: run(next)},
		{name: ours, run: run(zslog.Handler(next, zslog.Config{Scope: rec.With()})), seen: func() int { return totalled(tb, rec, "log.records") }, ready: c.Flush},
		{name: "client_golang", run: run(promHandler{next, records}), seen: func() int {
			var m dto.Metric
			must(tb, records.WithLabelValues("INFO").Write(&m))
			return int(m.Counter.GetValue())
		}},
	}
}

func TestEveryHandlerSeesEveryRecord(t *testing.T) { assertSeen(t, loggers(t)) }

// BenchmarkLog logs a record.
func BenchmarkLog(b *testing.B) { against(b, loggers(b)) }
