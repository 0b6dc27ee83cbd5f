package librato_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

// sent writes one window and returns what came of each series, in order: its name, and its tags or source.
func sent(t *testing.T, cfg librato.Config, f *fake, series ...*metric.Series) (names []string, where []any) {
	t.Helper()
	var as []metric.Aggregate
	for _, s := range series {
		as = append(as, metric.Aggregate{Series: s, Count: 1, Sum: 1, IntSum: 1})
	}
	before := len(f.posts)
	if err := newSink(t, cfg).Write(context.Background(), window(as...)); err != nil {
		t.Fatal(err)
	}
	for _, p := range f.posts[before:] {
		for _, m := range p.measurements {
			names = append(names, m["name"].(string))
			if cfg.API == librato.Metrics {
				where = append(where, m["source"])
			} else {
				where = append(where, m["tags"])
			}
		}
	}
	return names, where
}

// What a name becomes must never change, for the metric's history would end there: the hash is computed here anew.
func TestNamesAreMadeLegal(t *testing.T) {
	longest := strings.Repeat("n", 255)
	for name, want := range map[string]string{
		"db.query":       "db.query",
		"A:b-c_9.":       "A:b-c_9.",
		longest:          longest,
		"db query":       "db_query_" + fnv32a("db query"),
		"база":           "_____" + fnv32a("база"),
		"a|b":            "a_b_" + fnv32a("a|b"),
		longest + "n":    longest[:246] + "_" + fnv32a(longest+"n"),
		"bad\xff\xfeutf": "bad__utf_" + fnv32a("bad\xff\xfeutf"),
		"":               "unnamed_" + fnv32a(""),
	} {
		f := newFake(t)
		names, _ := sent(t, config(f), f, &metric.Series{Kind: metric.Counter, Level: "info", Source: "s", Name: name})
		if names[0] != want {
			t.Errorf("%q is sent as %q instead of %q", name, names[0], want)
		}
	}
}

// fnv32a is the FNV-1a hash of http://www.isthe.com/chongo/tech/comp/fnv/, in hexadecimal.
func fnv32a(s string) string {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return fmt.Sprintf("%08x", h)
}

func TestTagsAreMadeLegal(t *testing.T) {
	f := newFake(t)
	_, where := sent(t, config(f), f, &metric.Series{
		Kind: metric.Counter, Level: metric.Warning, Name: "c", Source: "orders/app 1?", Tags: []metric.Tag{
			{Key: "Level", Value: "mine"}, {Key: "Zone", Value: "Eu"}, {Key: "empty", Value: ""}, {Key: "money", Value: "€5"},
			{Key: "path", Value: `/a/b?c\d e`}, {Key: "source", Value: "mine"}, {Key: "two words", Value: "x"}, {Key: "zone", Value: "us"},
		}})
	want := map[string]any{
		"source": "orders/app 1?", "level": "warning",
		"Level_" + fnv32a("Level"): "mine", "source_" + fnv32a("source"): "mine",
		"Zone": "Eu", "zone_" + fnv32a("zone"): "us",
		"money": "_5_" + fnv32a("€5"), "path": `/a/b?c\d e`, "two_words_" + fnv32a("two words"): "x",
	}
	if d := cmp.Diff([]any{want}, where); d != "" {
		t.Errorf("tags (-want +got):\n%s", d)
	}
}

func TestAMeasurementHasAtMostFiftyTags(t *testing.T) {
	s := &metric.Series{Kind: metric.Counter, Level: "info", Name: "c", Source: "s"}
	for i := range 60 {
		s.Tags = append(s.Tags, metric.Tag{Key: fmt.Sprintf("t%02d", i), Value: "x"})
	}
	f := newFake(t)
	_, where := sent(t, config(f), f, s)
	tags := where[0].(map[string]any)
	if len(tags) != 50 || tags["source"] == nil || tags["level"] == nil || tags["t47"] == nil {
		t.Errorf("%d tags: %v", len(tags), slices.Sorted(maps.Keys(tags)))
	}
}

func TestSourcesAreMadeLegal(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.API = librato.Metrics
	c := func(name, source string, tags ...metric.Tag) *metric.Series {
		return &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: source, Tags: tags}
	}
	names, where := sent(t, cfg, f,
		c("a", "orders"), c("b", "All"), c("c", "two words"), c("d", ""), c("e", strings.Repeat("s", 256)),
		c("f", "orders", metric.Tag{Key: "region", Value: "eu"}, metric.Tag{Key: "shard", Value: ""}))
	want := []any{
		"orders", "All_" + fnv32a("All"), "two_words_" + fnv32a("two words"), "unnamed_" + fnv32a(""),
		strings.Repeat("s", 246) + "_" + fnv32a(strings.Repeat("s", 256)), "orders.region:eu",
	}
	if d := cmp.Diff(want, where); d != "" {
		t.Errorf("sources (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"a", "b", "c", "d", "e", "f"}, names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
}

func TestAPrefixGoesBeforeEveryName(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.Prefix, cfg.Percentiles = "prod.", []float64{95}
	longest := strings.Repeat("n", 255)
	if err := newSink(t, cfg).Write(context.Background(), window(observed(metric.Timer, "t", 1), observed(metric.Timer, longest, 1))); err != nil {
		t.Fatal(err)
	}
	want := []string{"prod.t", "prod.t.p95", "prod." + longest[:241] + "_" + fnv32a("prod."+longest), "prod." + longest[:237] + "_" + fnv32a("prod."+longest) + ".p95"}
	slices.Sort(want)
	if d := cmp.Diff(want, f.accepted()); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
}

// Whatever the names are, the API takes them all, and each series stays one of its own. The fake checks both.
func TestNoTwoSeriesBecomeOne(t *testing.T) {
	pieces := []string{"a", "A", "b", "B", ".", "_", " ", "é", "É", "|", "\x00", "\xff", "p99", "all", "~", "/", strings.Repeat("x", 240)}
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func() (s string) {
		for range rnd.IntN(4) {
			s += pieces[rnd.IntN(len(pieces))]
		}
		return s
	}
	for _, api := range []librato.API{librato.Measurements, librato.Metrics} {
		for round := range 5 {
			series := map[string]metric.Aggregate{}
			for range 500 {
				kind := metric.Kinds[rnd.IntN(len(metric.Kinds))]
				a := observed(kind, word(), 1, 2)
				a.Source = word()
				a.Level = []metric.Level{"info", "Info", "debug"}[rnd.IntN(3)]
				for range rnd.IntN(3) {
					a.Tags = append(a.Tags, metric.Tag{Key: word(), Value: word()})
				}
				a.Tags = metric.SortTags(a.Tags)
				series[a.Key()] = a
			}
			all := slices.SortedFunc(maps.Values(series), func(a, b metric.Aggregate) int { return a.Compare(b.Series) })
			timers := 0
			for _, a := range all {
				if a.Kind == metric.Timer || a.Kind == metric.Distribution {
					timers++
				}
			}
			f := newFake(t)
			cfg := config(f)
			cfg.API, cfg.Percentiles = api, []float64{99}
			if err := newSink(t, cfg).Write(context.Background(), window(all...)); err != nil {
				t.Fatal(err)
			}
			if got, want := len(f.store), len(all)+timers; got != want {
				t.Fatalf("%s, round %d: %d series and %d percentiles became %d measurements", api, round, len(all), timers, got)
			}
		}
	}
}

func TestSeriesThatShareANameKeepTheirOtherNames(t *testing.T) {
	upper, lower := counter("Jobs", 1), counter("jobs", 2)
	timer := observed(metric.Timer, "jobs", 1)
	var log bytes.Buffer
	f := newFake(t)
	cfg := config(f)
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := newSink(t, cfg)
	for range 2 {
		f.posts = nil
		if err := s.Write(context.Background(), window(upper, timer, lower)); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for _, m := range f.posts[0].measurements {
		all = append(all, m["name"].(string))
	}
	if all[0] != "Jobs" || !strings.HasPrefix(all[1], "jobs_") || !strings.HasPrefix(all[2], "jobs_") || all[1] == all[2] {
		t.Errorf("sent as %q", all)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines logged for two renamed series:\n%s", n, &log)
	}
	// In a window without the others a series would get its plain name back, and their history.
	f.posts = nil
	if err := s.Write(context.Background(), window(lower)); err != nil {
		t.Fatal(err)
	}
	if got := f.posts[0].measurements[0]["name"]; got != all[2] {
		t.Errorf("alone it is sent as %q, beside the others as %q", got, all[2])
	}
}

func TestASeriesNamedLikeAPercentileStaysApart(t *testing.T) {
	f := newFake(t)
	cfg := config(f)
	cfg.Percentiles = []float64{99, 99.9}
	err := newSink(t, cfg).Write(context.Background(), window(
		observed(metric.Timer, "t", 1), observed(metric.Timer, "t.p99", 1), observed(metric.Gauge, "t.p99.9", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.store) != 7 {
		t.Errorf("sent: %q", f.accepted())
	}
}

// No window holds a series twice. If one does all the same, that costs the second of the two.
func TestASeriesThatStandsInAWindowTwiceIsSentOnce(t *testing.T) {
	f := newFake(t)
	s := newSink(t, config(f))
	for range 2 {
		err := s.Write(context.Background(), window(counter("c", 1), counter("c", 1), counter("d", 1)))
		if n, _ := backend.Rejected(err); n != 1 {
			t.Errorf("%d refused: %v", n, err)
		}
	}
	if d := cmp.Diff([]int{2, 2}, f.sizes()); d != "" {
		t.Errorf("sizes (-want +got):\n%s", d)
	}
}
