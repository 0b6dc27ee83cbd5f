package zibratotest_test

import (
	"flag"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryKindIsRead(t *testing.T) {
	rec := zibratotest.New(t)
	rec.Observe("query", 1500*time.Millisecond)
	rec.Observe("query", 500*time.Millisecond)
	rec.Count("jobs", 3)
	rec.NewUpDown("open").Add(-2)
	rec.Set("depth", 7)
	rec.Set("depth", 4)
	rec.Record("size", 0.5)

	// A goroutine may change its processor between two calls, and rings know no order between processors.
	if got, want := slices.Sorted(slices.Values(rec.Durations("query"))), []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond}; !slices.Equal(got, want) {
		t.Errorf("durations %v, want %v", got, want)
	}
	type row struct {
		Count uint64
		Sum   float64
		Last  float64
	}
	want := map[string]row{"query": {2, 2, 0}, "jobs": {1, 3, 3}, "open": {1, -2, -2}, "depth": {2, 0, 4}, "size": {1, .5, .5}}
	got := map[string]row{}
	for _, s := range rec.Series() {
		last, _ := rec.Last(s.Name)
		if s.Kind == metric.Timer {
			last = 0
		}
		got[s.Name] = row{rec.Calls(s.Name), rec.Sum(s.Name), last}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDurationsAreExact(t *testing.T) {
	rec := zibratotest.New(t)
	for _, d := range []time.Duration{0, 1, 999_999_999, 1<<53 + 1, 1<<62 + 1, math.MaxInt64} {
		name := d.String()
		rec.Observe(name, d)
		if got := rec.Durations(name); !slices.Equal(got, []time.Duration{d}) {
			t.Errorf("%d ns are read as %d", d, got)
		}
	}
}

func TestTagsChooseSeries(t *testing.T) {
	rec := zibratotest.New(t)
	reqs := rec.NewCounterVec("requests", []string{"route", "status"})
	reqs.With("/", "200").Add(2)
	reqs.With("/", "500").Add(4)
	reqs.With("/a", "500").Add(8)
	for _, c := range []struct {
		tags []string
		want float64
	}{
		{nil, 14}, {[]string{"status", "500"}, 12}, {[]string{"status", "500", "route", "/"}, 4}, {[]string{"status", "404"}, 0}, {[]string{"route", "500"}, 0},
	} {
		var got float64
		switch len(c.tags) {
		case 0:
			got = rec.Sum("requests")
		case 2:
			got = rec.Sum("requests", zibratotest.Tag(c.tags[0], c.tags[1]))
		default:
			got = rec.Sum("requests", zibratotest.Tag(c.tags[0], c.tags[1]), zibratotest.Tag(c.tags[2], c.tags[3]))
		}
		if got != c.want {
			t.Errorf("tags %q: sum %v, want %v", c.tags, got, c.want)
		}
	}
}

func TestSamplesAreTimed(t *testing.T) {
	rec := zibratotest.New(t)
	before := time.Now()
	rec.Time("block")()
	s := rec.Samples("block")
	after := time.Now()
	if len(s) != 1 {
		t.Fatalf("%d samples, want 1", len(s))
	}
	// A sample's time is a coarse tick, which may lie up to two microseconds off.
	if at := s[0].Time; at.Before(before.Add(-2*time.Microsecond)) || at.After(after.Add(2*time.Microsecond)) {
		t.Errorf("the sample is of %v, not between %v and %v", at, before, after)
	}
}

func TestCaptureSeesOnlyWhatComesAfterIt(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		first := zibratotest.Capture(t)
		zibrato.Count("captured", 1)
		if n := first.Sum("captured"); n != 1 {
			t.Errorf("the first capture saw %v, want 1", n)
		}
	})
	second := zibratotest.Capture(t)
	if n := second.Calls("captured"); n != 0 {
		t.Errorf("the second capture saw %d calls of before", n)
	}
	zibrato.Count("captured", 5)
	if n := second.Sum("captured"); n != 5 {
		t.Errorf("the second capture saw %v, want 5", n)
	}
}

func TestDebugIsWatchedToo(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{Source: "tests"})
	rec.With(zibrato.AtLevel(zibrato.LevelDebug)).Inc("steps")
	s := rec.Samples("steps")
	if len(s) != 1 || s[0].Series.Level != zibrato.LevelDebug || s[0].Series.Source != "tests" {
		t.Errorf("samples %+v, want one of level debug and source tests", s)
	}
}

func TestMisusesAreListed(t *testing.T) {
	rec := zibratotest.New(t)
	rec.Count("jobs", -1)
	rec.Observe("query", -1)
	rec.Inc("a|b")
	if d := cmp.Diff(map[string]uint64{"negative": 2, "name": 1}, rec.Misuses()); d != "" {
		t.Error(d)
	}
	if n := rec.Notices(); len(n) != 3 {
		t.Errorf("notices %q, want 3", n)
	}
}

// overhead runs a benchmark of so many pairs of slices.
func overhead(t *testing.T, bare, instrumented func()) testing.BenchmarkResult {
	t.Helper()
	was := flag.Lookup("test.benchtime").Value.String()
	flag.Set("test.benchtime", "5x")
	defer flag.Set("test.benchtime", was)
	return testing.Benchmark(func(b *testing.B) { zibratotest.Overhead(b, bare, instrumented) })
}

func TestOverheadReportsTheDifference(t *testing.T) {
	busy := func(d time.Duration) {
		for begun := time.Now(); time.Since(begun) < d; {
		}
	}
	// A machine that is busy makes both slower, and either more often: one run in which it did not is enough.
	for deadline := time.Now().Add(30 * time.Second); ; {
		r := overhead(t, func() { busy(20 * time.Microsecond) }, func() { busy(60 * time.Microsecond) })
		bare, more, share := r.Extra["bare-ns/op"], r.Extra["overhead-ns/op"], r.Extra["overhead-%"]
		if bare >= 20_000 && more >= 10_000 && share >= 10 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("bare-ns/op is %v for 20 µs, overhead-ns/op %v for 40 µs, overhead-%% %v for 200 %%", bare, more, share)
		}
	}
}

var ran uint64 // in all runs of the test, which share the default recorder

func TestOverheadIsThatOfCodeThatIsWatched(t *testing.T) {
	counter := zibrato.NewCounter("overhead.watched", zibrato.AtLevel(zibrato.LevelDebug)) // nobody else watches debug
	overhead(t, func() { time.Sleep(50 * time.Microsecond) }, func() {
		counter.Inc()
		ran++
	})
	// Whoever comes is told the totals.
	recorded := uint64(0)
	tap, err := zibrato.Default().Attach(func(b *metric.Batch) {
		for _, e := range b.Entries {
			if e.Series.Name == "overhead.watched" {
				recorded = e.After.Count
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tap.Watch(nil, func(l zibrato.Level) bool { return l == zibrato.LevelDebug })
	if err := tap.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ran == 0 || recorded != ran {
		t.Errorf("%d calls were recorded of %d", recorded, ran)
	}
}

func TestSummariesTellWhatWasMergedToo(t *testing.T) {
	rec := zibratotest.New(t)
	vec := rec.NewTimerVec("query", []string{"table"})
	vec.With("a").Observe(time.Second)
	rec.Calls("query") // flushes, so that there are two summaries
	var s metric.Summary
	s.Add(3)
	s.Add(5)
	vec.With("a").Merge(&s)
	vec.With("b").Observe(7 * time.Second)
	if got := rec.Summary("query"); got.Count != 4 || got.Min != 1 || got.Max != 7 || got.Sum != 16 {
		t.Errorf("%+v", got)
	}
	if got := rec.Summary("query", zibratotest.Tag("table", "a")); got.Count != 3 || got.Max != 5 {
		t.Errorf("of a: %+v", got)
	}
	if n, sum := rec.Calls("query"), rec.Sum("query"); n != 4 || sum != 16 {
		t.Errorf("%d calls, sum %v", n, sum)
	}
	if n := len(rec.Durations("query")); n != 2 {
		t.Errorf("%d samples, want those two that were observed", n)
	}
}
