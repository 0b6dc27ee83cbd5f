//go:build cgo && unix

package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
)

// interval is a batch of summaries with a series of each kind, one whose detail was lost, and one to which nothing happened.
func interval() *metric.Batch {
	b := &metric.Batch{Detail: metric.Summaries, Level: metric.Info}
	add := func(kind metric.Kind, name string, before, after metric.Totals, values ...float64) {
		entry := uint32(len(b.Entries))
		s := &metric.Series{Kind: kind, Level: metric.Info, Name: name, Source: "orders", Tags: []metric.Tag{{Key: "region", Value: "eu"}}}
		b.Entries = append(b.Entries, metric.Entry{ID: entry, Series: s, Before: before, After: after})
		var sum metric.Summary
		for _, v := range values {
			sum.Add(v)
		}
		if sum.Count > 0 {
			b.Summaries = append(b.Summaries, metric.EntrySummary{Entry: entry, Summary: sum})
		}
	}
	ints := func(n uint64, sum int64) metric.Totals { return metric.Totals{Count: n, Sum: metric.IntValue(sum)} }
	floats := func(n uint64, sum float64) metric.Totals {
		return metric.Totals{Count: n, Sum: metric.FloatValue(sum)}
	}
	add(metric.Timer, "db.query", ints(7, 70), ints(10, 70+6_000_000), 1e-3, 2e-3, 3e-3)
	add(metric.Timer, "lost", ints(0, 0), ints(4, 10_000))
	add(metric.Counter, "jobs", ints(1, 1), ints(3, 1234568))
	add(metric.UpDown, "open", ints(1, 1), ints(2, -7), -7)
	add(metric.Gauge, "queue.depth", floats(1, 0), floats(3, 0), 1, 4)
	add(metric.Distribution, "payload", floats(1, 0.5), floats(2, 5120.5), 5120)
	add(metric.Counter, "idle", ints(5, 5), ints(5, 5))
	return b
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestTailShowsSummariesInColumns(t *testing.T) {
	format := humanLines((&tailCmd{}).shows)
	format(nil, interval(), noon) // which finds out how wide names are
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(string(format(nil, interval(), noon))), "\n") {
		_, line, _ = strings.Cut(line, " ") // the time, in whatever zone
		got = append(got, line)
	}
	want := []string{
		"info     timer        db.query    n=3        mean=2ms       p50=2.018ms    p99=2.98ms     max=3ms                       orders region=eu",
		"info     timer        lost        n=4        mean=2.5µs                                                                 orders region=eu",
		"info     counter      jobs        n=2        sum=1234567                                                                orders region=eu",
		"info     updown       open        n=1        mean=-7        p50=-7         p99=-7         max=-7         last=-7        orders region=eu",
		"info     gauge        queue.depth n=2        mean=2.5       p50=1          p99=3.957      max=4          last=4         orders region=eu",
		"info     distribution payload     n=1        mean=5120      p50=5120       p99=5120       max=5120                      orders region=eu",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTailWritesSummariesForPrograms(t *testing.T) {
	got := map[string]map[string]any{}
	for _, line := range strings.Split(strings.TrimSpace(string(jsonLines((&tailCmd{}).shows)(nil, interval(), noon))), "\n") {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		got[object["name"].(string)] = object
	}
	if len(got) != 6 {
		t.Errorf("%d series, want 6", len(got))
	}
	want := map[string]any{"time": "2026-11-24T12:00:00Z", "name": "db.query", "kind": "timer", "level": "info", "source": "orders", "tags": map[string]any{"region": "eu"},
		"count": 3.0, "sum": 0.006, "mean": 0.002, "min": 0.001, "max": 0.003, "last": 0.003, "p50": got["db.query"]["p50"], "p99": got["db.query"]["p99"]}
	if diff := cmp.Diff(want, got["db.query"]); diff != "" {
		t.Error(diff)
	}
	if p50, _ := got["db.query"]["p50"].(float64); p50 < 0.00197 || p50 > 0.00203 {
		t.Errorf("p50 is %v", p50)
	}
	for name, want := range map[string]map[string]any{
		"jobs": {"count": 2.0, "sum": 1234567.0},
		"lost": {"count": 4.0, "sum": 1e-5, "mean": 2.5e-6},
	} {
		for _, key := range []string{"time", "name", "kind", "level", "source", "tags"} {
			delete(got[name], key)
		}
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTailShowsSummariesOfAProcess(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	tail := start(t, nil, "tail", "--from", out, "--levels", "debug", "--summaries")
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: in})
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := pub.WaitSubscriber(ctx, zibrato.LevelDebug); err != nil {
		t.Fatal(err)
	}
	z := rec.With(zibrato.AtLevel(zibrato.LevelDebug))
	for range 1000 {
		z.Observe("db.query", 250*time.Microsecond)
	}
	if err := pub.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	tail.stdout.await(t, `(?m)^\S+ debug +timer +db\.query +n=\d+ +mean=250µs +p50=250µs +p99=250µs +max=250µs +orders$`)
}
