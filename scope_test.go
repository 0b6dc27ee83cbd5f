package zibrato_test

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestOptionsMakeTheSeries(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{Source: "prog"})
	z := rec.With(zibrato.AtLevel(zibrato.LevelDebug), zibrato.Source("orders"), zibrato.Tag("region", "eu"), zibrato.Tag("zone", "1"))
	z.With(zibrato.Tag("zone", "2"), nil).Inc("scoped")
	z.NewDistribution("made", zibrato.AtLevel("custom.level"), zibrato.Source("other"), zibrato.WithUnit("By"), zibrato.WithHelp("bytes")).Record(1)
	rec.NewTimer("timed", zibrato.WithUnit("h")).Observe(1)
	rec.NewGaugeVec("vec", []string{"b", "a"}, zibrato.Tag("c", "3")).With("2", "1").Set(1)
	rec.Inc("plain")

	want := []*metric.Series{
		{Kind: metric.Counter, Level: "debug", Name: "scoped", Source: "orders", Tags: []metric.Tag{{Key: "region", Value: "eu"}, {Key: "zone", Value: "2"}}},
		{Kind: metric.Counter, Level: "info", Name: "plain", Source: "prog"},
		{Kind: metric.Timer, Level: "info", Name: "timed", Source: "prog", Unit: "s"},
		{Kind: metric.Gauge, Level: "info", Name: "vec", Source: "prog", Tags: []metric.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}, {Key: "c", Value: "3"}}},
		{Kind: metric.Distribution, Level: "custom.level", Name: "made", Source: "other", Unit: "By", Help: "bytes",
			Tags: []metric.Tag{{Key: "region", Value: "eu"}, {Key: "zone", Value: "1"}}},
	}
	if d := cmp.Diff(want, rec.Series()); d != "" {
		t.Error(d)
	}
}

func TestTheSameSeriesIsTheSameInstrument(t *testing.T) {
	r := zibrato.New(zibrato.Config{Source: "prog"})
	a := r.NewTimer("t", zibrato.Tag("a", "1"), zibrato.Tag("b", "2"))
	if b := r.NewTimer("t", zibrato.Tag("b", "2"), zibrato.Tag("a", "0"), zibrato.Tag("a", "1"), zibrato.WithHelp("x"), zibrato.Source("prog")); a != b {
		t.Error("the order of tags, help or the source that is the default made another timer")
	}
	if b := r.With(zibrato.Tag("a", "1")).NewTimerVec("t", []string{"b"}).With("2"); a != b {
		t.Error("a vector in a scope made another timer")
	}
	for what, b := range map[string]*zibrato.Timer{
		"name":     r.NewTimer("u", zibrato.Tag("a", "1"), zibrato.Tag("b", "2")),
		"tag":      r.NewTimer("t", zibrato.Tag("a", "1")),
		"level":    r.NewTimer("t", zibrato.Tag("a", "1"), zibrato.Tag("b", "2"), zibrato.AtLevel("debug")),
		"source":   r.NewTimer("t", zibrato.Tag("a", "1"), zibrato.Tag("b", "2"), zibrato.Source("other")),
		"recorder": zibrato.New(zibrato.Config{}).NewTimer("t", zibrato.Tag("a", "1"), zibrato.Tag("b", "2")),
	} {
		if a == b {
			t.Errorf("another %s gave the same timer", what)
		}
	}
	if r.NewCounter("c") != r.NewCounter("c") || r.NewUpDown("c") != r.NewUpDown("c") || r.NewGauge("c") != r.NewGauge("c") ||
		r.NewDistribution("c") != r.NewDistribution("c") {
		t.Error("asking twice made two instruments")
	}
}

func TestVectorsFindTheSameInstrumentEachTime(t *testing.T) {
	rec := zibratotest.New(t)
	v := rec.NewCounterVec("c", []string{"a", "b"})
	for range 3 {
		for i := range 100 {
			for j := range 10 {
				v.With(fmt.Sprint(i), fmt.Sprint(j)).Inc()
			}
		}
	}
	if n := len(rec.Series()); n != 1000 {
		t.Errorf("%d series, want 1000", n)
	}
	if n := rec.Calls("c", zibratotest.Tag("a", "77"), zibratotest.Tag("b", "3")); n != 3 {
		t.Errorf("%d calls of one of them, want 3", n)
	}
	// The parts of a key must not run together.
	if v.With("1", "11") == v.With("11", "1") {
		t.Error("different values gave the same counter")
	}
}

func TestAVectorKeepsNothingOfTheCallersValues(t *testing.T) {
	rec := zibratotest.New(t)
	v := rec.NewCounterVec("c", []string{"a"})
	body := []string{"first"}
	c := v.With(body...)
	body[0] = "second"
	if v.With("first") != c || v.With("second") == c {
		t.Error("the vector looks at the caller's slice")
	}
}

func TestAKeyThatStandsTwiceMakesOneSeries(t *testing.T) {
	rec := zibratotest.New(t)
	v := rec.NewCounterVec("c", []string{"a", "a"})
	v.With("1", "x").Inc()
	v.With("2", "x").Inc()
	if n := rec.Calls("c", zibratotest.Tag("a", "x")); n != 2 || len(rec.Series()) != 1 {
		t.Errorf("%d calls on %d series, want 2 on 1", n, len(rec.Series()))
	}
}

func TestOwnRecordersAreIsolated(t *testing.T) {
	a, b := zibratotest.New(t), zibratotest.New(t)
	def := zibratotest.Capture(t)
	a.Inc("isolated")
	if a.Calls("isolated") != 1 || b.Calls("isolated") != 0 || def.Calls("isolated") != 0 {
		t.Error("a call reached another recorder")
	}
	if a.ID() == b.ID() || a.ID().IsZero() {
		t.Errorf("IDs %v and %v, want two different ones", a.ID(), b.ID())
	}
}

func TestALongNameIsFoundEachTime(t *testing.T) {
	rec := zibratotest.New(t)
	long := strings.Repeat("x", 5000)
	for range 3 {
		rec.Inc(long)
	}
	legal, _ := metric.LegalName(long)
	if n := rec.Calls(legal); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
	if n := rec.Misuses()["name"]; n != 1 {
		t.Errorf("%d misuses, want 1", n)
	}
}

// What a vector is called may lie in a buffer that the caller uses again, as a name of a scope's functions may.
func TestAVectorKeepsItsName(t *testing.T) {
	rec := zibratotest.New(t)
	buf := []byte("namekey")
	v := rec.NewCounterVec(unsafe.String(&buf[0], 4), []string{unsafe.String(&buf[4], 3)})
	clear(buf)
	v.With("a").Inc()
	if n := rec.Calls("name", zibratotest.Tag("key", "a")); n != 1 {
		t.Errorf("%d calls, want 1, of %v", n, rec.Series())
	}
}
