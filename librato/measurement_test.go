package librato_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// everyKind is a series of each kind, one with a sample lost, one with all lost, and one without calls.
func everyKind() []metric.Aggregate {
	timer := observed(metric.Timer, "db.query", 0.5, 0.25, 0.75)
	timer.Tags = []metric.Tag{{Key: "table", Value: "users"}}
	partly := observed(metric.Timer, "partly", 1, 3)
	partly.Count, partly.Sum = 4, 10
	lost := observed(metric.Distribution, "lost")
	lost.Count, lost.Sum = 2, 7
	payload := observed(metric.Distribution, "payload", 512, 0)
	payload.Unit = "By"
	gauge := observed(metric.Gauge, "depth", 17, -3)
	updown := observed(metric.UpDown, "open", 0)
	updown.Count = 36 // calls; the detail holds values
	return []metric.Aggregate{
		counter("jobs.done", 42), counter("jobs.failed", 0), timer, partly, lost, payload, gauge, updown,
		observed(metric.Timer, "idle"), observed(metric.Gauge, "unset"),
	}
}

func TestEveryKindGoesAsTheTaggedAPIWantsIt(t *testing.T) {
	f := newFake(t)
	s := newSink(t, config(f))
	w := window(everyKind()...)
	if err := s.Write(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	tags := map[string]any{"source": "orders", "level": "info"}
	withTable := map[string]any{"source": "orders", "level": "info", "table": "users"}
	seconds := map[string]any{"display_units_short": "s"}
	summed := map[string]any{"summarize_function": "sum"}
	checkBody(t, f, map[string]any{
		"time": float64(w.Start.Unix()), "period": 60.0,
		"measurements": []any{
			map[string]any{"name": "jobs.done", "tags": tags, "attributes": summed, "value": 42.0},
			map[string]any{"name": "jobs.failed", "tags": tags, "attributes": summed, "value": 0.0},
			map[string]any{"name": "db.query", "tags": withTable, "attributes": seconds,
				"count": 3.0, "sum": 1.5, "min": 0.25, "max": 0.75, "last": 0.75, "stddev": math.Sqrt(0.125 / 3)},
			map[string]any{"name": "partly", "tags": tags, "attributes": seconds,
				"count": 4.0, "sum": 10.0, "min": 1.0, "max": 3.0, "last": 3.0, "stddev": 1.0},
			map[string]any{"name": "lost", "tags": tags, "count": 2.0, "sum": 7.0},
			map[string]any{"name": "payload", "tags": tags, "attributes": map[string]any{"display_units_short": "By"},
				"count": 2.0, "sum": 512.0, "min": 0.0, "max": 512.0, "last": 0.0, "stddev": 256.0},
			map[string]any{"name": "depth", "tags": tags, "count": 2.0, "sum": 14.0, "min": -3.0, "max": 17.0, "last": -3.0, "stddev": 10.0},
			map[string]any{"name": "open", "tags": tags, "count": 1.0, "sum": 0.0, "min": 0.0, "max": 0.0, "last": 0.0, "stddev": 0.0},
		},
	})
}

func TestEveryKindGoesAsTheSourceBasedAPIWantsIt(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.API = librato.Metrics
	s := newSink(t, cfg)
	w := window(everyKind()...)
	if err := s.Write(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	checkBody(t, f, map[string]any{
		"measure_time": float64(w.Start.Unix()),
		"gauges": []any{
			map[string]any{"name": "jobs.done", "source": "orders", "value": 42.0},
			map[string]any{"name": "jobs.failed", "source": "orders", "value": 0.0},
			map[string]any{"name": "db.query", "source": "orders.table:users",
				"count": 3.0, "sum": 1.5, "min": 0.25, "max": 0.75, "sum_squares": 0.875},
			// The deviation of 1 and 3 is 1. So is that of 4 values with the sum 10 and this sum of squares: 29/4 - (10/4)² = 1.
			map[string]any{"name": "partly", "source": "orders", "count": 4.0, "sum": 10.0, "min": 1.0, "max": 3.0, "sum_squares": 29.0},
			map[string]any{"name": "lost", "source": "orders", "count": 2.0, "sum": 7.0},
			map[string]any{"name": "payload", "source": "orders", "count": 2.0, "sum": 512.0, "min": 0.0, "max": 512.0, "sum_squares": 262144.0},
			map[string]any{"name": "depth", "source": "orders", "count": 2.0, "sum": 14.0, "min": -3.0, "max": 17.0, "sum_squares": 298.0},
			map[string]any{"name": "open", "source": "orders", "count": 1.0, "sum": 0.0, "min": 0.0, "max": 0.0, "sum_squares": 0.0},
		},
	})
}

// checkBody compares the body of the only post with what it should be, numbers within a rounding error.
func checkBody(t *testing.T, f *fake, want map[string]any) {
	t.Helper()
	if len(f.posts) != 1 {
		t.Fatalf("%d posts instead of one", len(f.posts))
	}
	var got map[string]any
	if err := json.Unmarshal(f.posts[0].raw, &got); err != nil {
		t.Fatal(err)
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) })
	if d := cmp.Diff(want, got, near); d != "" {
		t.Errorf("body (-want +got):\n%s", d)
	}
}

func TestSumOfSquaresIsThatOfTheSamples(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.API = librato.Metrics
	s := newSink(t, cfg)
	if err := s.Write(context.Background(), window(observed(metric.Distribution, "d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))); err != nil {
		t.Fatal(err)
	}
	got, _ := f.posts[0].measurements[0]["sum_squares"].(json.Number).Float64()
	if math.Abs(got-385) > 1e-9 {
		t.Errorf("sum_squares is %v instead of 385", got)
	}
}

func TestTimesAreWholeSecondsOfTheStart(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, api := range []librato.API{librato.Measurements, librato.Metrics} {
		f := newFake(t)
		f.now = func() time.Time { return now }
		cfg := config(f)
		cfg.API = api
		s := librato.NewAt(cfg, f.now)
		w := window(counter("c", 1))
		w.Start = now.Add(-999 * time.Millisecond)
		w.Interval = 500 * time.Millisecond // no whole seconds: no period
		if err := s.Write(context.Background(), w); err != nil {
			t.Fatal(err)
		}
		body := f.posts[0].body
		at := body["time"]
		if api == librato.Metrics {
			at = body["measure_time"]
		}
		if got, _ := whole(at); got != now.Unix()-1 {
			t.Errorf("%s: sent as %v instead of %d", api, at, now.Unix()-1)
		}
		if p, ok := body["period"]; ok {
			t.Errorf("%s: period is %v, of an interval of half a second", api, p)
		}
	}
}

func TestPercentilesAreMeasurementsOfTheirOwn(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.Percentiles = []float64{50, 99, 99.9, 5}
	s := newSink(t, cfg)
	var values []float64
	for i := range 1000 {
		values = append(values, float64(i+1))
	}
	values[999] = 1e6 // not the 99.9th percentile, if only just
	w := window(observed(metric.Timer, "t", values...), observed(metric.Gauge, "g", values...), counter("c", 1))
	if err := s.Write(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"t.p50": 500, "t.p99": 990, "t.p99.9": 999, "t.p5": 50}
	for _, m := range f.posts[0].measurements {
		name := m["name"].(string)
		if name == "t" || name == "g" || name == "c" {
			continue
		}
		got, _ := m["value"].(json.Number).Float64()
		if math.Abs(got-want[name]) > 0.011*want[name] {
			t.Errorf("%s is %v instead of %v", name, got, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not sent: %v", want)
	}
}

func TestNumbersThatTheAPICannotTakeNeverLeave(t *testing.T) {
	overrun := observed(metric.Timer, "infinite", 1)
	overrun.Sum = math.Inf(1)
	nan := counter("nan", 1)
	nan.Sum = math.NaN()
	mixed := observed(metric.Distribution, "mixed", 1e200, -1e200, 5)
	mixed.Sum, mixed.Detail.Sum = 5, 5
	f := newFake(t)
	s := newSink(t, config(f))
	err := s.Write(context.Background(), window(
		overrun, nan, mixed, observed(metric.Gauge, "huge", -1e127), observed(metric.Gauge, "large", 9e125), observed(metric.Gauge, "tiny", 9e-131, 9e-131)))
	if n, rejected := backend.Rejected(err); !rejected || n != 3 {
		t.Errorf("infinite, nan and huge are %d series refused: %v", n, err)
	}
	got := map[string]map[string]any{}
	for _, m := range f.posts[0].measurements {
		delete(m, "tags")
		got[m["name"].(string)] = m
		delete(m, "name")
	}
	want := map[string]map[string]any{
		"mixed": {"count": json.Number("3"), "sum": json.Number("5"), "last": json.Number("5")},
		"large": {"count": json.Number("1"), "sum": json.Number("9e+125"), "min": json.Number("9e+125"), "max": json.Number("9e+125"), "last": json.Number("9e+125"), "stddev": json.Number("0")},
		"tiny":  {"count": json.Number("2"), "sum": json.Number("1.8e-130"), "min": json.Number("0"), "max": json.Number("0"), "last": json.Number("0"), "stddev": json.Number("0")},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
}

// A sum of squares runs over long before the values do; it is the server that could do without it.
func TestSquaresThatRunOverAreLeftOut(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.API = librato.Metrics
	s := newSink(t, cfg)
	if err := s.Write(context.Background(), window(observed(metric.Gauge, "g", 1e70, 2e70))); err != nil {
		t.Fatal(err)
	}
	if m := f.posts[0].measurements[0]; m["sum"] == nil || m["sum_squares"] != nil {
		t.Errorf("sent: %v", m)
	}
}

func TestAnEmptyWindowCostsNoRequest(t *testing.T) {
	f := newFake(t)
	s := newSink(t, config(f))
	if err := s.Write(context.Background(), window()); err != nil {
		t.Error(err)
	}
	if err := s.Write(context.Background(), window(observed(metric.Timer, "idle"))); err != nil {
		t.Error(err)
	}
	if len(f.posts) > 0 {
		t.Errorf("%d requests", len(f.posts))
	}
}
