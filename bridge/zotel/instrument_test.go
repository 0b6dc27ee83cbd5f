package zotel

import (
	"math"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato"
	zmetric "github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestEverySynchronousInstrumentRecords(t *testing.T) {
	b := start(t, Config{})
	opts := with("k", "v")
	about := []metric.InstrumentOption{metric.WithUnit("By"), metric.WithDescription("What it is.")}
	of := func(i int) metric.InstrumentOption { return about[i] }
	must(b.Int64Counter("int.counter", of(0), of(1))).Add(ctx, 3, opts)
	must(b.Float64Counter("float.counter", of(0), of(1))).Add(ctx, 3, opts)
	must(b.Int64UpDownCounter("int.updown", of(0), of(1))).Add(ctx, -3, opts)
	must(b.Float64UpDownCounter("float.updown", of(0), of(1))).Add(ctx, -3, opts)
	must(b.Int64Histogram("int.histogram", of(0), of(1))).Record(ctx, 3, opts)
	must(b.Float64Histogram("float.histogram", of(0), of(1))).Record(ctx, 3.5, opts)
	must(b.Int64Gauge("int.gauge", of(0), of(1))).Record(ctx, 3, opts)
	must(b.Float64Gauge("float.gauge", of(0), of(1))).Record(ctx, 3.5, opts)
	same(t, "series", b.series(), []string{
		"counter float.counter k=v", "gauge float.gauge k=v", "distribution float.histogram k=v", "updown float.updown k=v",
		"counter int.counter k=v", "gauge int.gauge k=v", "distribution int.histogram k=v", "updown int.updown k=v",
	})
	for name, want := range map[string]float64{"int.counter": 3, "float.counter": 3, "int.updown": -3, "float.updown": -3, "int.histogram": 3, "float.histogram": 3.5} {
		equal(t, "sum of "+name, b.rec.Sum(name), want)
	}
	for name, want := range map[string]float64{"int.gauge": 3, "float.gauge": 3.5} {
		got, _ := b.rec.Last(name)
		equal(t, "value of "+name, got, want)
	}
	for _, s := range b.rec.Series() {
		if s.Tag("k") == "v" && (s.Unit != "By" || s.Help != "What it is." || s.Tag("otel.scope.name") != "lib") {
			t.Errorf("%v", s)
		}
	}
}

func TestHistogramsOfTimeAreTimers(t *testing.T) {
	b := start(t, Config{})
	for unit, want := range map[string]time.Duration{"s": 1500 * time.Millisecond, "ms": 1500 * time.Microsecond, "us": 1500, "ns": 2} {
		must(b.Float64Histogram("float."+unit, metric.WithUnit(unit))).Record(ctx, 1.5)
		same(t, unit, b.rec.Durations("float."+unit), []time.Duration{want})
	}
	for unit, want := range map[string]time.Duration{"s": 3 * time.Second, "ms": 3 * time.Millisecond, "us": 3 * time.Microsecond, "ns": 3} {
		must(b.Int64Histogram("int."+unit, metric.WithUnit(unit))).Record(ctx, 3)
		same(t, unit, b.rec.Durations("int."+unit), []time.Duration{want})
	}
	must(b.Float64Histogram("length", metric.WithUnit("min"))).Record(ctx, 1.5)
	equal(t, "of another unit", b.rec.Sum("length"), 1.5)
}

func TestTimeIsCountedInNanoseconds(t *testing.T) {
	b := start(t, Config{})
	must(b.Float64Counter("busy", metric.WithUnit("s"))).Add(ctx, 0.001_000_5)
	must(b.Int64Counter("idle", metric.WithUnit("ms"))).Add(ctx, 7)
	must(b.Float64UpDownCounter("queued", metric.WithUnit("s"))).Add(ctx, -0.25)
	must(b.Float64Gauge("lag", metric.WithUnit("s"))).Record(ctx, 0.25)
	equal(t, "s of float64", b.rec.Sum("busy"), 1_000_500)
	equal(t, "ms of int64", b.rec.Sum("idle"), 7_000_000)
	equal(t, "s of an up-down counter", b.rec.Sum("queued"), -250_000_000)
	lag, _ := b.rec.Last("lag")
	equal(t, "a gauge", lag, 0.25)
	for _, s := range b.rec.Series() {
		switch want := map[string]string{"busy": "ns", "idle": "ns", "queued": "ns", "lag": "s"}[s.Name]; {
		case want != "":
			equal(t, "unit of "+s.Name, s.Unit, want)
		}
	}
}

func TestWrongValuesAreIgnoredAndCounted(t *testing.T) {
	b := start(t, Config{})
	nan, inf := math.NaN(), math.Inf(1)
	must(b.Float64Counter("c")).Add(ctx, nan)
	must(b.Float64Counter("c")).Add(ctx, 1<<63)
	must(b.Float64UpDownCounter("u")).Add(ctx, -inf)
	must(b.Float64Histogram("t", metric.WithUnit("s"))).Record(ctx, nan)
	must(b.Float64Histogram("t", metric.WithUnit("s"))).Record(ctx, 1e18)
	must(b.Int64Histogram("ti", metric.WithUnit("s"))).Record(ctx, math.MaxInt64)
	must(b.Int64Counter("ci", metric.WithUnit("s"))).Add(ctx, math.MaxInt64)
	must(b.Int64UpDownCounter("ui", metric.WithUnit("s"))).Add(ctx, math.MinInt64)
	equal(t, "no numbers", b.misused(notFinite), 8)
	must(b.Float64Histogram("d")).Record(ctx, inf)
	must(b.Float64Gauge("g")).Record(ctx, nan)
	must(b.Int64Counter("c")).Add(ctx, -1)
	must(b.Float64Counter("c")).Add(ctx, -0.5)
	must(b.Float64Histogram("t", metric.WithUnit("s"))).Record(ctx, -0.5)
	must(b.Float64Histogram("t", metric.WithUnit("s"))).Record(ctx, -1e-12) // which would be rounded to 0
	must(b.Int64Histogram("ti", metric.WithUnit("s"))).Record(ctx, -1)
	equal(t, "negative", b.rec.Misuses()["negative"], 5)
	equal(t, "not finite", b.rec.Misuses()["not_finite"], 2)
	same(t, "series", b.series(), nil)
	equal(t, "lines of 8 complaints", strings.Count(b.log.String(), "too large"), 4)
}

func TestAttributesBecomeTags(t *testing.T) {
	b := start(t, Config{})
	c := must(b.Int64Counter("c"))
	c.Add(ctx, 1, metric.WithAttributes(attribute.Bool("b", true), attribute.Int("i", -7), attribute.Float64("f", 0.5), attribute.String("s", "x y"),
		attribute.StringSlice("ss", []string{"a", "b"}), attribute.IntSlice("is", []int{1, 2})))
	same(t, "series", b.series(), []string{`counter c b=true f=0.5 i=-7 is=[1,2] s=x y ss=["a","b"]`})
	c.Add(ctx, 1, with("k", "first"), nil, with("k", "last"), metric.WithAttributes())
	equal(t, "of two options the last", b.rec.Sum("c", zibratotest.Tag("k", "last")), 1)
	c.Add(ctx, 1, metric.WithAttributeSet(attribute.Set{}))
	c.Add(ctx, 1)
	equal(t, "without attributes", b.rec.Sum("c")-b.rec.Sum("c", zibratotest.Tag("k", "last"))-b.rec.Sum("c", zibratotest.Tag("b", "true")), 2)
	equal(t, "series", len(b.series()), 3)
}

// rawOption is an option of the API's experimental part.
type rawOption struct{ metric.AddOption }

func (rawOption) Experimental() {}
func (rawOption) RawAttributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("k", "raw"), attribute.String("k", "rawer")}
}

func TestExperimentalAttributesAreTaken(t *testing.T) {
	b := start(t, Config{})
	must(b.Int64Counter("c")).Add(ctx, 1, rawOption{}, with("k", "plain"))
	same(t, "series", b.series(), []string{"counter c k=rawer"})
}

func TestWhatNobodyWatchesIsNotLookedAt(t *testing.T) {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	b := start(t, Config{Scope: rec.With()})
	c := must(b.Int64Counter("c")).(*intCounter)
	equal(t, "enabled", c.Enabled(ctx), false)
	c.Add(ctx, 1, with("k", "v"))
	equal(t, "series", len(c.all), 0)
	tap, err := rec.Attach(func(*zmetric.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "enabled", c.Enabled(ctx), true)
	c.Add(ctx, 1, with("k", "v"))
	equal(t, "series", len(c.all), 1)
	if err := tap.Close(ctx); err != nil {
		t.Fatal(err)
	}
	equal(t, "enabled", c.Enabled(ctx), false)
}
