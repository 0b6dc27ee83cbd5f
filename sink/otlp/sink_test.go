package otlp_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/otlp"
)

// start makes a receiver and a sink that writes to it.
func start(t *testing.T, cfg otlp.Config) (*receiver, backend.Sink) {
	t.Helper()
	r := newReceiver(t)
	cfg.URL = r.url()
	s := otlp.New(cfg)
	t.Cleanup(func() { s.Close(context.Background()) })
	return r, s
}

// write delivers windows, or fails the test.
func write(t *testing.T, s backend.Sink, windows ...*metric.Window) {
	t.Helper()
	for _, w := range windows {
		if err := s.Write(context.Background(), w); err != nil {
			t.Fatal(err)
		}
	}
}

// values lists points as time, start and value, times in minutes since begin.
func values(points []point, name string) (all []string) {
	minutes := func(ns uint64) float64 { return time.Unix(0, int64(ns)).Sub(begin).Minutes() }
	for _, p := range points {
		if p.name != name {
			continue
		}
		switch {
		case p.gauge:
			all = append(all, fmt.Sprintf("%g: %g", minutes(p.time), p.number.GetAsDouble()))
		case p.number != nil:
			all = append(all, fmt.Sprintf("%g since %g: %d", minutes(p.time), minutes(p.start), p.number.GetAsInt()))
		default:
			all = append(all, fmt.Sprintf("%g since %g: %d %g", minutes(p.time), minutes(p.start), p.histogram.Count, *p.histogram.Sum))
		}
	}
	return all
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (- want, + got):\n%s", what, d)
	}
}

func TestHistogramsGoWithoutLoss(t *testing.T) {
	r, s := start(t, otlp.Config{})
	random := rand.New(rand.NewPCG(1, 2))
	samples := []float64{0, 0, 5e-324, 1e300} // spread so wide that the scale is less than usual
	for range 3000 {
		samples = append(samples, (random.Float64()-0.3)*1e6)
	}
	parts := []metric.Aggregate{distribution("d", samples[4:1500]...), distribution("d", samples[1500:]...), distribution("d", samples[:4]...)}
	var want metric.Histogram
	for i, part := range parts {
		write(t, s, nth(i, part))
		want.Merge(&part.Detail.Hist)
	}
	points := r.all()
	h := points[len(points)-1].histogram
	same(t, "scale", int(h.Scale), want.Scale())
	if want.Scale() >= metric.DefaultScale {
		t.Error("the test's values do not make the scale coarser")
	}
	same(t, "count", h.Count, uint64(len(samples)))
	same(t, "zeros", h.ZeroCount, uint64(2))
	same(t, "zero threshold", h.ZeroThreshold, 0.0)
	same(t, "positive", metric.Buckets{Offset: h.Positive.Offset, Counts: h.Positive.BucketCounts}, want.Positive)
	same(t, "negative", metric.Buckets{Offset: h.Negative.Offset, Counts: h.Negative.BucketCounts}, want.Negative)
	same(t, "extremes", []float64{*h.Min, *h.Max}, []float64{slices.Min(samples), slices.Max(samples)})
	if got := points[0].histogram.Scale; got != metric.DefaultScale {
		t.Errorf("scale %d where the values allow for %d", got, metric.DefaultScale)
	}
}

func TestWhatWasLostIsInTheBucketOfItsMean(t *testing.T) {
	r, s := start(t, otlp.Config{})
	some := timer("t", 1e9, 1e9)
	some.Count, some.IntSum, some.Sum = 12, 42e9, 42 // ten more, of 4 s in the mean
	nothing := timer("t")
	nothing.Count, nothing.IntSum, nothing.Sum = 5, 0, 0
	write(t, s, nth(0, some), nth(1, nothing))
	want := timer("t", 1e9, 1e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9, 4e9).Detail.Hist
	first, second := r.all()[0].histogram, r.all()[1].histogram
	same(t, "buckets", metric.Buckets{Offset: first.Positive.Offset, Counts: first.Positive.BucketCounts}, want.Positive)
	same(t, "count and sum", []any{first.Count, *first.Sum, *first.Min, *first.Max}, []any{uint64(12), 42.0, 1.0, 1.0})
	same(t, "count and zeros", []any{second.Count, *second.Sum, second.ZeroCount}, []any{uint64(17), 42.0, uint64(5)})
}

func TestCumulativePointsAddUp(t *testing.T) {
	r, s := start(t, otlp.Config{Repeat: -1})
	write(t, s,
		nth(0, counter("c", 5), timer("t", 1e9), value(metric.UpDown, "u", -3), value(metric.Gauge, "g", 1.5)),
		nth(1, counter("c", 7), value(metric.UpDown, "u", 4)),
		nth(1, counter("c", 7), value(metric.UpDown, "u", 4)), // again: nothing more
		nth(3, counter("c", 1), counter("late", 2), timer("t", 2e9, 3e9), value(metric.Gauge, "g", 0)),
	)
	all := r.all()
	same(t, "counter", values(all, "c"), []string{"1 since 0: 5", "2 since 0: 12", "2 since 0: 12", "4 since 0: 13"})
	same(t, "a counter that came later", values(all, "late"), []string{"4 since 3: 2"})
	same(t, "timer", values(all, "t"), []string{"1 since 0: 1 1", "4 since 0: 3 6"})
	same(t, "up-down counter", values(all, "u"), []string{"1 since 0: -3", "2 since 0: 4", "2 since 0: 4"})
	same(t, "gauge", values(all, "g"), []string{"1: 1.5", "4: 0"})
	for _, p := range all {
		cumulative := p.temporality == metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
		if p.gauge == cumulative || p.monotonic != (p.name == "c" || p.name == "late") {
			t.Errorf("%s: %v, monotonic %v", p.name, p.temporality, p.monotonic)
		}
	}
	// Another start of the program begins anew, and says so.
	again := otlp.New(otlp.Config{URL: r.url()})
	defer again.Close(context.Background())
	write(t, again, nth(5, counter("c", 2)))
	same(t, "after another start", values(r.all()[len(all):], "c"), []string{"6 since 5: 2"})
}

func TestDeltaPointsSayWhatAWindowAdded(t *testing.T) {
	r, s := start(t, otlp.Config{Temporality: otlp.Delta, Repeat: -1})
	write(t, s,
		nth(0, counter("c", 5), timer("t", 1e9), value(metric.UpDown, "u", -3)),
		nth(1, counter("c", 7), timer("t", 2e9, 3e9), value(metric.UpDown, "u", 4)),
	)
	all := r.all()
	same(t, "counter", values(all, "c"), []string{"1 since 0: 5", "2 since 1: 7"})
	same(t, "timer", values(all, "t"), []string{"1 since 0: 1 1", "2 since 1: 2 5"})
	same(t, "up-down counter", values(all, "u"), []string{"1 since 0: -3", "2 since 0: 4"})
	same(t, "extremes", *all[len(all)-2].histogram.Min, 2.0)
	for _, p := range all {
		if delta := p.temporality == metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA; delta != (p.name != "u") {
			t.Errorf("%s: %v", p.name, p.temporality)
		}
	}
}

func TestIdleSeriesAreSentAgainForAWhile(t *testing.T) {
	r, s := start(t, otlp.Config{Repeat: 2 * time.Minute})
	write(t, s, nth(0, counter("c", 5), timer("t", 1e9), value(metric.UpDown, "u", -3), value(metric.Gauge, "g", 1.5)), nth(1), nth(2), nth(3), nth(4, counter("c", 1)))
	all := r.all()
	same(t, "counter", values(all, "c"), []string{"1 since 0: 5", "2 since 0: 5", "3 since 0: 5", "5 since 0: 6"})
	same(t, "timer", values(all, "t"), []string{"1 since 0: 1 1", "2 since 0: 1 1", "3 since 0: 1 1"})
	same(t, "up-down counter", values(all, "u"), []string{"1 since 0: -3", "2 since 0: -3", "3 since 0: -3"})
	same(t, "gauge", values(all, "g"), []string{"1: 1.5", "2: 1.5", "3: 1.5"})

	r, s = start(t, otlp.Config{Repeat: time.Minute, Temporality: otlp.Delta})
	write(t, s, nth(0, counter("c", 5), timer("t", 1e9), value(metric.Gauge, "g", 1.5)), nth(1), nth(2))
	same(t, "delta counter", values(r.all(), "c"), []string{"1 since 0: 5"})
	same(t, "delta timer", values(r.all(), "t"), []string{"1 since 0: 1 1"})
	same(t, "gauge beside delta", values(r.all(), "g"), []string{"1: 1.5", "2: 1.5"})
}

func TestTheLongestIdleAreForgotten(t *testing.T) {
	r, s := start(t, otlp.Config{MaxSeries: 2, Repeat: -1})
	write(t, s, nth(0, counter("a", 1), counter("b", 1)), nth(1, counter("b", 1)), nth(2, counter("c", 1)), nth(3, counter("a", 1), counter("b", 1), counter("c", 1)), nth(4, counter("b", 1)))
	all := r.all()
	same(t, "forgotten", values(all, "a"), []string{"1 since 0: 1", "4 since 3: 1"})
	if got := values(all, "b"); len(got) != 4 || got[2] != "4 since 0: 3" {
		t.Errorf("remembered: %q", got)
	}
}

func TestAWindowResumesWhereItStopped(t *testing.T) {
	r, s := start(t, otlp.Config{MaxRequest: 64 << 10})
	var many []metric.Aggregate
	for i := range 3000 {
		many = append(many, counter(fmt.Sprintf("c%04d", i), 1))
	}
	r.next(nil, nil, says(http.StatusServiceUnavailable, "", "Retry-After: 7"))
	err := s.Write(context.Background(), nth(0, many...))
	if after, again := backend.RetryAfter(err); !again || after != 7*time.Second {
		t.Fatalf("%v: %v, %v", err, after, again)
	}
	before := len(r.all())
	write(t, s, nth(0, many...))
	times := map[string]int{}
	for _, p := range r.all() {
		if times[p.name]++; p.number.GetAsInt() != 1 {
			t.Fatalf("%s is %d", p.name, p.number.GetAsInt())
		}
	}
	if before == 0 || len(times) != 3000 || slices.Max(slices.Collect(maps.Values(times))) != 1 {
		t.Errorf("%d before the failure; %d series in all, one of them %d times", before, len(times), slices.Max(slices.Collect(maps.Values(times))))
	}
	for _, p := range r.sent() {
		if p.size > 70<<10 {
			t.Errorf("a request of %d bytes", p.size)
		}
	}
	// A window that the backend gave up is in the totals all the same.
	r.next(says(http.StatusServiceUnavailable, ""))
	if err := s.Write(context.Background(), nth(1, counter("c0000", 10))); err == nil {
		t.Fatal("no error")
	}
	seen := len(r.all())
	write(t, s, nth(2, counter("c0000", 100)))
	same(t, "after a window that was given up", values(r.all()[seen:], "c0000"), []string{"3 since 0: 111"})
}

func TestWhoMeasuredWhat(t *testing.T) {
	tags := []metric.Tag{{Key: "level", Value: "deep"}, {Key: "level_", Value: "x"}, {Key: "source", Value: "spring"}, {Key: "host", Value: "h1"}, {Key: "process", Value: "h1:42"}}
	for _, test := range []struct {
		name       string
		cfg        otlp.Config
		resource   map[string]string
		attributes map[string]string
	}{
		{"plain", otlp.Config{}, map[string]string{"service.name": "test"},
			map[string]string{"level": "info", "level__": "deep", "level_": "x", "source": "spring", "host": "h1", "process": "h1:42"}},
		{"one service", otlp.Config{Resource: map[string]string{"service.name": "shop", "deployment.environment.name": "prod"}},
			map[string]string{"service.name": "shop", "deployment.environment.name": "prod"},
			map[string]string{"level": "info", "level__": "deep", "level_": "x", "source": "test", "source_": "spring", "host": "h1", "process": "h1:42"}},
		{"by host", otlp.Config{Apart: backend.ByHost}, map[string]string{"service.name": "test", "host.name": "h1"},
			map[string]string{"level": "info", "level__": "deep", "level_": "x", "source": "spring", "process": "h1:42"}},
		{"by process", otlp.Config{Apart: backend.ByProcess, Resource: map[string]string{"host.name": "mine"}},
			map[string]string{"service.name": "test", "host.name": "mine", "process.pid": "42", "service.instance.id": "h1:42"},
			map[string]string{"level": "info", "level__": "deep", "level_": "x", "source": "spring", "host": "h1"}},
	} {
		r, s := start(t, test.cfg)
		write(t, s, nth(0, counter("c", 1, slices.Clone(tags)...)))
		same(t, test.name+": resource", r.all()[0].resource, test.resource)
		same(t, test.name+": attributes", r.all()[0].attributes, test.attributes)
	}
}

func TestUnitsAndDescriptions(t *testing.T) {
	r, s := start(t, otlp.Config{Gzip: true, Headers: map[string]string{"X-Scope-OrgID": "7"}})
	d := distribution("d", 1)
	d.Series.Unit, d.Series.Help = "By", "what came in"
	write(t, s, nth(0, timer("t", 1), d))
	for _, p := range r.all() {
		switch {
		case p.name == "t" && p.unit != "s", p.name == "d" && (p.unit != "By" || p.help != "what came in"):
			t.Errorf("%s has unit %q and description %q", p.name, p.unit, p.help)
		}
	}
	h := r.sent()[0].header
	same(t, "headers", []string{h.Get("X-Scope-OrgID"), h.Get("Content-Encoding"), r.sent()[0].path}, []string{"7", "gzip", "/v1/metrics"})
	if !strings.HasPrefix(h.Get("User-Agent"), "OTel-OTLP-Exporter-Zibrato/") {
		t.Errorf("User-Agent %q", h.Get("User-Agent"))
	}
}
