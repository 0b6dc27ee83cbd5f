package prometheus_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aggregate is a window's worth of a series: some calls with these values, whole ones for timers (ns) and counters.
func aggregate(s metric.Series, values ...float64) metric.Aggregate {
	a := metric.Aggregate{Series: &s, Count: uint64(len(values))}
	for _, v := range values {
		switch s.Kind {
		case metric.Timer:
			a.IntSum += int64(v)
			a.Detail.Add(v / 1e9)
		case metric.Counter:
			a.IntSum += int64(v)
		default:
			a.Sum += v
			a.Detail.Add(v)
		}
	}
	if s.Kind.Integer() {
		a.Sum = s.Kind.InUnits(metric.IntValue(a.IntSum))
	}
	return a
}

// nth is the nth window.
func nth(n int, all ...metric.Aggregate) *metric.Window {
	slices.SortFunc(all, func(a, b metric.Aggregate) int { return a.Series.Compare(b.Series) })
	start := noon.Add(time.Duration(n) * 10 * time.Second)
	return &metric.Window{Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second, Series: all}
}

func newSink(t *testing.T, cfg prometheus.Config) *prometheus.Sink {
	t.Helper()
	s, err := prometheus.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, s *prometheus.Sink, w *metric.Window) {
	t.Helper()
	if err := s.Write(context.Background(), w); err != nil {
		t.Fatal(err)
	}
}

// scrape reads what is shown, without what the sink says about itself.
func scrape(t *testing.T, s *prometheus.Sink, form string) map[string]*shown {
	t.Helper()
	all, err := readers[form].read(s)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(id string, _ *shown) bool { return strings.HasPrefix(id, "zibrato_exporter_") })
	return all
}

func TestNamesAndUnitsAreThoseOfPrometheus(t *testing.T) {
	for _, test := range []struct {
		kind       metric.Kind
		name, unit string
		want       string
		unitLine   string
		value      float64 // what 1500 becomes
	}{
		{metric.Timer, "db.query", "s", "db_query_seconds", "seconds", 1.5e-6},
		{metric.Timer, "db.query.seconds", "", "db_query_seconds", "seconds", 1.5e-6},
		{metric.Counter, "jobs.done", "", "jobs_done_total", "", 1500},
		{metric.Counter, "jobs.total", "", "jobs_total", "", 1500},
		{metric.Counter, "total", "", "total_total", "", 1500},
		{metric.Counter, "net.sent", "By", "net_sent_bytes_total", "bytes", 1500},
		{metric.Counter, "net.bytes_total", "By", "net_bytes_total", "bytes", 1500},
		{metric.Counter, "bytes", "By", "bytes_total", "", 1500},
		{metric.Counter, "busy", "ms", "busy_seconds_total", "seconds", 1.5},
		{metric.Counter, "requests", "{request}", "requests_total", "", 1500},
		{metric.Gauge, "share", "1", "share_ratio", "ratio", 1500},
		{metric.Gauge, "cpu", "%", "cpu_ratio", "ratio", 15},
		{metric.UpDown, "open", "1", "open", "", 1500},
		{metric.Gauge, "heap", "KiBy", "heap_bytes", "bytes", 1500 * 1024},
		{metric.Gauge, "heap", "MBy", "heap_bytes", "bytes", 1.5e9},
		{metric.Gauge, "flow", "By/s", "flow_bytes_per_second", "bytes_per_second", 1500},
		{metric.Gauge, "flow", "By/ms", "flow_bytes_per_second", "bytes_per_second", 1.5e6},
		{metric.Gauge, "flow", "{request}/s", "flow_per_second", "per_second", 1500},
		{metric.Gauge, "flow", "kbit/s", "flow_bytes_per_second", "bytes_per_second", 187500},
		{metric.Gauge, "age", "min", "age_seconds", "seconds", 90000},
		{metric.Gauge, "lag", "µs", "lag_seconds", "seconds", 0.0015},
		{metric.Gauge, "lag", "ns", "lag_seconds", "seconds", 1.5e-6},
		{metric.Gauge, "way", "mm", "way_meters", "meters", 1.5},
		{metric.Gauge, "heat", "[degF]", "heat", "", 1500},
		{metric.Gauge, "queue", "jobs", "queue_jobs", "jobs", 1500},
		{metric.Distribution, "payload", "By", "payload_bytes", "bytes", 1500},
		{metric.Distribution, "payload", "", "payload", "", 1500},
		{metric.Distribution, "wait", "ms", "wait_seconds", "seconds", 1.5},
		{metric.Gauge, "2xx", "", "_2xx", "", 1500},
		{metric.Gauge, "a:b/c-d e", "", "a_b_c_d_e", "", 1500},
		{metric.Gauge, "__x__", "", "x", "", 1500},
		{metric.Gauge, "größe", "", "gr_e_" + fnv32a("größe"), "", 1500},
		{metric.Gauge, "数据库", "", "unnamed_" + fnv32a("数据库"), "", 1500},
	} {
		for form := range readers {
			s := newSink(t, prometheus.Config{})
			write(t, s, nth(0, aggregate(metric.Series{Kind: test.kind, Level: metric.Info, Name: test.name, Source: "a", Unit: test.unit}, 1500)))
			all := scrape(t, s, form)
			got := all[test.want+`{level="info",source="a",}`]
			if got == nil {
				t.Errorf("%s %s in %q: %q, want %s", test.kind, test.name, test.unit, slices.Collect(maps.Keys(all)), test.want)
				continue
			}
			if form != "text" && got.unit != test.unitLine {
				t.Errorf("%s: unit %q, want %q", form, got.unit, test.unitLine)
			}
			if v, _ := got.value.Float64(); v != test.value {
				t.Errorf("%s: %s is %v, want %v", form, test.want, v, test.value)
			}
		}
	}
}

// series makes series at level info of source a.
func seriesOf(kind metric.Kind, name string, tags ...string) metric.Series {
	s := metric.Series{Kind: kind, Level: metric.Info, Name: name, Source: "a"}
	for i := 0; i < len(tags); i += 2 {
		s.Tags = append(s.Tags, metric.Tag{Key: tags[i], Value: tags[i+1]})
	}
	s.Tags = metric.SortTags(s.Tags)
	return s
}

func TestNamesThatWouldBeOneStayTwo(t *testing.T) {
	mark := func(kind, name, unit string) string { return fnv32a(kind + "\x00" + name + "\x00" + unit) }
	for _, test := range []struct {
		all  []metric.Series
		want []string
	}{
		{[]metric.Series{seriesOf(metric.Gauge, "db.query"), seriesOf(metric.Gauge, "db_query")},
			[]string{"db_query", "db_query_" + mark("gauge", "db_query", "")}},
		{[]metric.Series{seriesOf(metric.Counter, "jobs"), seriesOf(metric.Gauge, "jobs")},
			[]string{"jobs_total", "jobs_" + mark("gauge", "jobs", "")}},
		{[]metric.Series{seriesOf(metric.Counter, "a.jobs"), seriesOf(metric.Counter, "a.jobs.total")},
			[]string{"a_jobs_total", "a_jobs_" + mark("counter", "a.jobs.total", "") + "_total"}},
		{[]metric.Series{seriesOf(metric.Timer, "q"), seriesOf(metric.Gauge, "q.seconds.count"), seriesOf(metric.Gauge, "q.seconds")},
			[]string{"q_seconds", "q_seconds_count_" + mark("gauge", "q.seconds.count", ""), "q_seconds_" + mark("gauge", "q.seconds", "")}},
		{[]metric.Series{seriesOf(metric.Gauge, "zibrato.exporter.series")},
			[]string{"zibrato_exporter_series_" + mark("gauge", "zibrato.exporter.series", "")}},
		{[]metric.Series{seriesOf(metric.Gauge, "x"), seriesOf(metric.UpDown, "x")},
			[]string{"x_" + mark("gauge", "x", ""), "x"}}, // an up-down counter comes first
	} {
		for form := range readers {
			var log bytes.Buffer
			s := newSink(t, prometheus.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			for n := range 2 {
				var all []metric.Aggregate
				for _, of := range test.all {
					all = append(all, aggregate(of, 1))
				}
				write(t, s, nth(n, all...))
			}
			all, err := readers[form].read(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if all[want+`{level="info",source="a",}`] == nil {
					t.Errorf("%s: no %s in %q", form, want, slices.Sorted(maps.Keys(all)))
				}
			}
			if n := strings.Count(log.String(), "\n"); n != max(len(test.want)-1, 1) && len(test.want) != 3 || n > 2 {
				t.Errorf("logged %d times: %s", n, &log)
			}
		}
	}
}

func TestTagsBecomeLabels(t *testing.T) {
	for _, test := range []struct {
		cfg  prometheus.Config
		tags []string
		want string
	}{
		{prometheus.Config{}, []string{"http.route", "/a"}, `{http_route="/a",level="info",source="a",}`},
		{prometheus.Config{}, []string{"source", "tsc", "level", "x"}, `{level="info",source="a",tag_level="x",tag_source="tsc",}`},
		{prometheus.Config{}, []string{"le", "1", "quantile", "2", "series_id", "3"}, `{level="info",source="a",tag_le="1",tag_quantile="2",tag_series_id="3",}`},
		{prometheus.Config{}, []string{"a.b", "1", "a_b", "2"}, `{a_b="1",a_b_` + fnv32a("a_b") + `="2",level="info",source="a",}`},
		{prometheus.Config{}, []string{"empty", ""}, `{level="info",source="a",}`},
		{prometheus.Config{}, []string{"v", "a\\b\"c\u2028d"}, `{level="info",source="a",v="a\\b\"c\u2028d",}`},
		{prometheus.Config{SourceLabel: "program", LevelLabel: prometheus.None}, []string{"source", "x"}, `{program="a",source="x",}`},
	} {
		for form := range readers {
			s := newSink(t, test.cfg)
			write(t, s, nth(0, aggregate(seriesOf(metric.Counter, "c", test.tags...), 1)))
			if all := scrape(t, s, form); all["c_total"+test.want] == nil {
				t.Errorf("%s: no %s in %q", form, test.want, slices.Collect(maps.Keys(all)))
			}
		}
	}
}

func TestSeriesOfTheSameLabelsStayTwo(t *testing.T) {
	s := newSink(t, prometheus.Config{LevelLabel: prometheus.None})
	debug := seriesOf(metric.Counter, "c")
	debug.Level = metric.Debug
	for n := range 2 {
		write(t, s, nth(n, aggregate(debug, 10), aggregate(seriesOf(metric.Counter, "c"), 1), aggregate(seriesOf(metric.Counter, "c", "empty", ""), 100)))
	}
	info, empty := seriesOf(metric.Counter, "c"), seriesOf(metric.Counter, "c", "empty", "")
	all := scrape(t, s, "text")
	for id, want := range map[string]string{
		`c_total{source="a",}`: "20/1",
		`c_total{series_id="` + fnv32a(info.Key()) + `",source="a",}`:  "2/1",
		`c_total{series_id="` + fnv32a(empty.Key()) + `",source="a",}`: "200/1",
	} {
		if all[id] == nil || all[id].value.String() != want {
			t.Errorf("%s: %v in %q, want %s", id, all[id], slices.Collect(maps.Keys(all)), want)
		}
	}
}

func TestHelpIsThatOfTheProgram(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	of := seriesOf(metric.Counter, "c")
	write(t, s, nth(0, aggregate(of, 1)))
	for form := range readers {
		if got := scrape(t, s, form)[`c_total{level="info",source="a",}`].help; got != "The counter c." {
			t.Errorf("%s: %q", form, got)
		}
	}
	other := seriesOf(metric.Counter, "c", "x", "1")
	other.Help = `what "c:\dir" is`
	write(t, s, nth(1, aggregate(other, 1)))
	want := map[string]string{"text": `what "c:\\dir" is`, "openmetrics": `what \"c:\\dir\" is`, "protobuf": other.Help}
	for form := range readers {
		if got := scrape(t, s, form)[`c_total{level="info",source="a",}`].help; got != want[form] {
			t.Errorf("%s: %q, want %q", form, got, want[form])
		}
	}
}
