package zotel

import (
	"context"
	"math"
	"testing"

	"go.opentelemetry.io/otel/metric"

	"github.com/zibrato/zibrato"
	zmetric "github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

// said is what a callback says, by the value of an attribute.
type said[N number] map[string]N

func (s said[N]) int64(_ context.Context, o metric.Int64Observer) error {
	for k, v := range s {
		o.Observe(int64(v), with("k", k))
	}
	return nil
}

func (s said[N]) float64(_ context.Context, o metric.Float64Observer) error {
	for k, v := range s {
		o.Observe(float64(v), with("k", k))
	}
	return nil
}

// only makes a said say this.
func (s said[N]) only(k string, v N) { clear(s); s[k] = v }

func k(value string) zmetric.Tag { return zibratotest.Tag("k", value) }

func TestEveryObservableInstrumentRecords(t *testing.T) {
	b := start(t, Config{})
	ints, floats := said[int64]{"x": 3, "y": 4}, said[float64]{"x": 3.5, "y": 4.25}
	must(b.Int64ObservableCounter("int.counter", metric.WithInt64Callback(ints.int64)))
	must(b.Float64ObservableCounter("float.counter", metric.WithFloat64Callback(floats.float64)))
	must(b.Int64ObservableUpDownCounter("int.updown", metric.WithInt64Callback(ints.int64)))
	must(b.Float64ObservableUpDownCounter("float.updown", metric.WithFloat64Callback(floats.float64)))
	must(b.Int64ObservableGauge("int.gauge", metric.WithInt64Callback(ints.int64)))
	must(b.Float64ObservableGauge("float.gauge", metric.WithFloat64Callback(floats.float64)))
	b.flush()
	same(t, "series", b.series(), []string{
		"counter float.counter k=x", "counter float.counter k=y", "gauge float.gauge k=x", "gauge float.gauge k=y", "updown float.updown k=x", "updown float.updown k=y",
		"counter int.counter k=x", "counter int.counter k=y", "gauge int.gauge k=x", "gauge int.gauge k=y", "updown int.updown k=x", "updown int.updown k=y",
	})
	check := func(when string, want map[string]float64) {
		t.Helper()
		for name, want := range want {
			got := b.rec.Sum(name, k("x"))
			if name == "int.gauge" || name == "float.gauge" {
				got, _ = b.rec.Last(name, k("x"))
			}
			equal(t, when+": "+name, got, want)
		}
	}
	check("first", map[string]float64{"int.counter": 3, "float.counter": 3, "int.updown": 3, "float.updown": 3, "int.gauge": 3, "float.gauge": 3.5})
	ints["x"], floats["x"] = 10, 10.75
	b.flush()
	check("grown", map[string]float64{"int.counter": 10, "float.counter": 10, "int.updown": 10, "float.updown": 10, "int.gauge": 10, "float.gauge": 10.75})
	ints["x"], floats["x"] = 2, 2.25
	b.flush()
	check("fallen", map[string]float64{"int.counter": 12, "float.counter": 12, "int.updown": 2, "float.updown": 2, "int.gauge": 2, "float.gauge": 2.25})
}

func TestTotalsOfTimeAreInNanoseconds(t *testing.T) {
	b := start(t, Config{})
	busy := said[float64]{"x": 0.1}
	must(b.Float64ObservableCounter("busy", metric.WithUnit("s"), metric.WithFloat64Callback(busy.float64)))
	for i := range 1000 {
		busy["x"] = 0.1 + float64(i)*1e-3
		b.flush()
	}
	equal(t, "sum", b.rec.Sum("busy"), 1_099_000_000)
}

func TestWhatIsNotObservedAnyMore(t *testing.T) {
	b := start(t, Config{})
	s := said[int64]{"x": 3}
	must(b.Int64ObservableCounter("counter", metric.WithInt64Callback(s.int64)))
	must(b.Int64ObservableUpDownCounter("updown", metric.WithInt64Callback(s.int64)))
	b.flush()
	s.only("y", 5)
	b.flush()
	equal(t, "counter", b.rec.Sum("counter", k("x")), 3)
	equal(t, "up-down counter", b.rec.Sum("updown", k("x")), 0)
	equal(t, "the other", b.rec.Sum("updown", k("y")), 5)
	s.only("x", 4) // is back
	b.flush()
	equal(t, "counter", b.rec.Sum("counter", k("x")), 4)
	equal(t, "up-down counter", b.rec.Sum("updown", k("x")), 4)
	equal(t, "the other", b.rec.Sum("updown", k("y")), 0)
}

func TestTotalsOfOneSeriesAddUp(t *testing.T) {
	b := start(t, Config{MaxSets: 3})
	total := int64(10)
	counter, updown := must(b.Int64ObservableCounter("counter")), must(b.Int64ObservableUpDownCounter("updown"))
	observed := 10
	f := func(_ context.Context, o metric.Observer) error {
		for i := range observed {
			o.ObserveInt64(counter, total, metric.WithAttributeSet(numbered(i)))
			o.ObserveInt64(updown, total, metric.WithAttributeSet(numbered(i)))
		}
		return nil
	}
	must(b.RegisterCallback(f, counter, updown))
	rest := zibratotest.Tag("otel.metric.overflow", "true")
	b.flush()
	equal(t, "counter", b.rec.Sum("counter", rest), 80)
	equal(t, "up-down counter", b.rec.Sum("updown", rest), 80)
	total = 11
	b.flush()
	equal(t, "counter, grown", b.rec.Sum("counter", rest), 88)
	equal(t, "up-down counter, grown", b.rec.Sum("updown", rest), 88)
	observed = 5 // the others are gone, which is no restart
	b.flush()
	equal(t, "counter, some gone", b.rec.Sum("counter", rest), 88)
	equal(t, "up-down counter, some gone", b.rec.Sum("updown", rest), 33)
	total = 12
	b.flush()
	equal(t, "counter, grown again", b.rec.Sum("counter", rest), 91)
}

func TestWrongTotalsAreIgnoredAndCounted(t *testing.T) {
	b := start(t, Config{})
	s := said[float64]{"x": math.NaN(), "y": 3}
	must(b.Float64ObservableCounter("counter", metric.WithFloat64Callback(s.float64)))
	must(b.Float64ObservableUpDownCounter("updown", metric.WithFloat64Callback(s.float64)))
	b.flush()
	s["x"] = -1
	b.flush()
	equal(t, "no numbers", b.misused(notFinite), 2)
	equal(t, "negative", b.rec.Misuses()["negative"], 1)
	equal(t, "counter", b.rec.Sum("counter"), 3)
	equal(t, "up-down counter", b.rec.Sum("updown"), 2)
}

// totals are those of a recorder's series while somebody watches, until stop is called.
func totals(t *testing.T, rec *zibrato.Recorder) (of map[string]int64, stop func()) {
	t.Helper()
	of = map[string]int64{}
	tap, err := rec.Attach(func(batch *zmetric.Batch) {
		for _, e := range batch.Entries {
			if e.Series.Kind.Integer() {
				of[named(e.Series)] = e.After.Sum.Int()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tap.Watch(nil, func(zibrato.Level) bool { return true })
	return of, func() {
		t.Helper()
		if err := tap.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatGrewWhileNobodyWatchedIsLeftOut(t *testing.T) {
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	b := start(t, Config{Scope: rec.With()})
	s := said[int64]{"x": 100}
	must(b.Int64ObservableCounter("counter", metric.WithInt64Callback(s.int64)))
	must(b.Int64ObservableUpDownCounter("updown", metric.WithInt64Callback(s.int64)))
	b.flush()

	of, stop := totals(t, rec)
	s["x"] = 110 // nobody knows what of that grew meanwhile
	b.flush()
	s["x"], s["y"] = 115, 7 // y is new, so it began at zero
	b.flush()
	stop()
	equal(t, "x", of["counter counter k=x"], 5)
	equal(t, "y", of["counter counter k=y"], 7)
	equal(t, "x now", of["updown updown k=x"], 115)

	s["x"] = 200
	b.flush()
	of, stop = totals(t, rec)
	s["x"] = 201
	b.flush()
	s["x"] = 202
	delete(s, "y")
	b.flush()
	stop()
	equal(t, "x", of["counter counter k=x"], 6)
	equal(t, "y", of["counter counter k=y"], 7)
	equal(t, "x now", of["updown updown k=x"], 202)
	equal(t, "y now", of["updown updown k=y"], 0)
}
