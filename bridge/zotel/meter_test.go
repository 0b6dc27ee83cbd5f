package zotel

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/zibrato/zibrato/zibratotest"
)

func TestTheSameMeterAndInstrumentAreFoundAgain(t *testing.T) {
	b := start(t, Config{})
	equal(t, "meter", b.Provider.Meter("lib"), b.Meter)
	for _, other := range []metric.Meter{
		b.Provider.Meter("other"), b.Provider.Meter(""), b.Provider.Meter("lib", metric.WithInstrumentationVersion("2")), b.Provider.Meter("lib", metric.WithSchemaURL("x")),
		b.Provider.Meter("lib", nil, metric.WithInstrumentationAttributes(attribute.Int("shard", 1))),
	} {
		if other == b.Meter {
			t.Error("another meter is the same")
		}
	}
	c := must(b.Int64Counter("c", metric.WithUnit("By"), metric.WithDescription("d")))
	equal(t, "counter", must(b.Int64Counter("C", metric.WithUnit("By"), metric.WithDescription("d"))), c)
	for _, other := range []any{must(b.Int64Counter("c")), must(b.Int64Counter("c", metric.WithUnit("By"))), must(b.Float64Counter("c"))} {
		if other == any(c) {
			t.Error("another instrument is the same")
		}
	}
	equal(t, "complaints", b.misused(duplicate), 3)
	if !strings.Contains(b.log.String(), `"first unit"=By`) {
		t.Errorf("logged: %s", b.log)
	}
}

func TestInstrumentsOfOneNameCountOnOneSeries(t *testing.T) {
	b := start(t, Config{})
	must(b.Int64Counter("Requests")).Add(ctx, 1)
	must(b.Float64Counter("requests")).Add(ctx, 1)
	must(b.Int64Counter("REQUESTS", metric.WithDescription("d"))).Add(ctx, 1)
	same(t, "series", b.series(), []string{"counter Requests"})
	equal(t, "sum", b.rec.Sum("Requests"), 3)
}

func TestWhatHasDifferentUnitsIsNotAddedUp(t *testing.T) {
	b := start(t, Config{})
	for _, unit := range []string{"By", "kBy", "By", "s", "ms"} {
		must(b.Int64Counter("c", metric.WithUnit(unit))).Add(ctx, 1)
		must(b.Int64Histogram("h", metric.WithUnit(unit))).Record(ctx, 1)
		must(b.Int64Gauge("g", metric.WithUnit(unit))).Record(ctx, 1)
	}
	same(t, "series", b.series(), []string{
		"counter c", "counter c otel.unit=kBy", "counter c otel.unit=ns", "gauge g", "gauge g otel.unit=kBy", "gauge g otel.unit=ms", "gauge g otel.unit=s",
		"timer h", "distribution h", "distribution h otel.unit=kBy",
	})
	equal(t, "time", b.rec.Sum("c", zibratotest.Tag("otel.unit", "ns")), 1_001_000_000)
}

func TestVersionsOfALibraryCountOnOneSeriesIfTheirUnitsAreTheSame(t *testing.T) {
	for _, without := range []bool{false, true} {
		b := start(t, Config{WithoutScopes: without})
		for version, unit := range []string{"By", "kBy", "By"} {
			m := b.Provider.Meter("lib", metric.WithInstrumentationVersion(string(rune('1'+version))))
			must(m.Int64Counter("c", metric.WithUnit(unit))).Add(ctx, 1)
		}
		same(t, "series", b.series(), []string{"counter c", "counter c otel.unit=kBy"})
		equal(t, "sum", b.rec.Sum("c"), 3)
		equal(t, "sum of the other unit", b.rec.Sum("c", zibratotest.Tag("otel.unit", "kBy")), 1)
	}
}

func TestScopesAreTags(t *testing.T) {
	for _, without := range []bool{false, true} {
		b := start(t, Config{WithoutScopes: without})
		for _, m := range []metric.Meter{
			b.Provider.Meter("a"), b.Provider.Meter("b", metric.WithInstrumentationVersion("1.0")),
			b.Provider.Meter("b", metric.WithInstrumentationAttributes(attribute.Int("shard", 1))), b.Provider.Meter(""),
		} {
			must(m.Int64Counter("c")).Add(ctx, 1)
		}
		equal(t, "sum", b.rec.Sum("c"), 4)
		want := 4
		if without {
			want = 1
		}
		equal(t, "series", len(b.series()), want)
		if !without {
			equal(t, "sum of a", b.rec.Sum("c", zibratotest.Tag("otel.scope.name", "a")), 1)
			equal(t, "sum of b", b.rec.Sum("c", zibratotest.Tag("otel.scope.name", "b")), 2)
			equal(t, "sum of a shard", b.rec.Sum("c", zibratotest.Tag("otel.scope.shard", "1")), 1)
		}
	}
}

func TestNames(t *testing.T) {
	b := start(t, Config{})
	for _, name := range []string{"a", "http.server.request-duration_x/y", "A1", strings.Repeat("a", 255)} {
		if _, err := b.Int64Counter(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "1a", "_a", ".a", "a b", "ä", "a\x00", "é", strings.Repeat("a", 256)} {
		c, err := b.Int64Counter(name)
		if err == nil {
			t.Errorf("%q is taken for legal", name)
		}
		c.Add(ctx, 1) // works all the same
		o, err := b.Float64ObservableGauge(name)
		if err == nil || o == nil {
			t.Errorf("%q: %v, %v", name, o, err)
		}
	}
	equal(t, "series", len(b.series()), 9)
}

func TestProvidersThatDoNothing(t *testing.T) {
	for _, p := range []*Provider{nil, {}} {
		c := must(p.Meter("m").Int64Counter("c"))
		c.Add(ctx, 1)
		equal(t, "enabled", c.Enabled(ctx), false)
		if err := p.ForceFlush(ctx); err != nil {
			t.Error(err)
		}
		if err := p.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestNothingIsRecordedAfterShutdown(t *testing.T) {
	b := start(t, Config{})
	c := must(b.Int64Counter("c"))
	c.Add(ctx, 1)
	for range 2 {
		b.shutdown()
		b.flush()
		c.Add(ctx, 1)
		equal(t, "enabled", c.Enabled(ctx), false)
	}
	equal(t, "sum", b.rec.Sum("c"), 1)
	equal(t, "meter", b.Provider.Meter("lib"), metric.Meter(noop.Meter{}))
	if r, err := b.Meter.RegisterCallback(nil); r == nil || err == nil {
		t.Error(r, err)
	}
}

func TestWrongConfigsAreRefused(t *testing.T) {
	for field, c := range map[string]Config{"Every": {Every: 1}, "MaxSets": {MaxSets: -1}} {
		if _, err := Start(c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
