package servers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/servers/internal/real"
	"github.com/zibrato/zibrato/sink/graphite"
)

func newGraphite(t *testing.T, cfg graphite.Config) *graphite.Sink {
	t.Helper()
	s, err := graphite.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()) })
	return s
}

// at is a window that began so long ago.
func at(ago time.Duration, series ...metric.Aggregate) *metric.Window {
	start := time.Now().Truncate(10 * time.Second).Add(-ago)
	return &metric.Window{Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second, Series: series}
}

func TestWhisperFilesHoldWhatWasMeasured(t *testing.T) {
	carbon := real.StartCarbon(t)
	s := newGraphite(t, graphite.Config{Addr: carbon.Addr, Prefix: "prod."})
	timer, calls := timed("db.query", 5000, metric.Tag{Key: "table", Value: "users"})
	strange := counted("näme / of ../..things", 3)
	first := at(100*time.Second, counted("jobs.done", 5), set("depth", -4.5), timer, strange)
	windows := []*metric.Window{first}
	for n := range 8 {
		windows = append(windows, at(time.Duration(90-10*n)*time.Second, counted("jobs.done", int64(n)*1_000_003)))
	}
	fetch := func(name string, want int) (points []real.Point) {
		t.Helper()
		real.Eventually(t, name, func() (err error) {
			if points, err = carbon.Fetch(name, first.Start, first.Start.Add(100*time.Second)); err == nil && len(points) < want {
				err = fmt.Errorf("%d points", len(points))
			}
			return err
		})
		return points
	}
	for i, w := range windows {
		if i == 4 { // carbon goes away in between, and nothing is missing in the end but what it had not stored
			fetch("prod.orders.jobs.done.count", i)
			fetch("prod.orders.db.query.table.users.p99", 1)
			fetch("prod.orders.depth.last", 1)
			carbon.Stop()
			if err := s.Write(t.Context(), w); err == nil {
				t.Error("a carbon that is away took a window")
			}
			carbon.Start(t)
		}
		for range 2 { // again, as when the answer was lost: it comes to the same
			if err := s.Write(t.Context(), w); err != nil {
				t.Fatal(err)
			}
		}
	}
	points := fetch("prod.orders.jobs.done.count", len(windows))
	if len(points) != len(windows) {
		t.Fatalf("%v", points)
	}
	for i, w := range windows {
		if p := points[i]; !p.Time.Equal(w.Start) || p.Value != float64(w.Series[0].IntSum) {
			t.Errorf("window %d: %v of %v", i, p, w.Series[0].IntSum)
		}
	}
	var report strings.Builder
	report.WriteString("In carbon-cache's whisper files, read by its Python module:\n\n| file | value | the truth |\n|---|---|---|\n")
	exact := map[string]float64{
		"depth.last": -4.5, "db.query.table.users.count": 5000, "db.query.table.users.sum": timer.Sum, "db.query.table.users.mean": timer.Mean(),
		"db.query.table.users.min": calls[0], "db.query.table.users.max": calls[len(calls)-1], "db.query.table.users.p50": rank(calls, 0.5),
		"db.query.table.users.p99": rank(calls, 0.99),
	}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range exact {
			if !yield(name) {
				return
			}
		}
	}) {
		want, within := exact[name], 1e-15
		if strings.Contains(name, ".p") {
			within = 0.011
		}
		got := fetch("prod.orders."+name, 1)[0]
		near(t, name, got.Value, want, within)
		fmt.Fprintf(&report, "| `prod/orders/%s.wsp` | %.6g | %.6g |\n", strings.ReplaceAll(name, ".", "/"), got.Value, want)
	}
	if !slices.ContainsFunc(carbon.Metrics(t), func(name string) bool { return strings.HasPrefix(name, "prod.orders.n_me___of_") }) {
		t.Errorf("the strange name is not among %q", carbon.Metrics(t))
	}

	victoria := real.StartVictoriaMetrics(t, "")
	tagged := newGraphite(t, graphite.Config{Addr: victoria.Graphite, Tags: true, Stats: []string{"count", "max", "p99", "last"}})
	w := at(20*time.Second, counted("jobs.done", 1<<53-1), set("depth", -4.5), timer)
	if err := tagged.Write(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	victoria.Inserted(t, 6)
	report.WriteString("\nIn VictoriaMetrics 1.79, with tags:\n\n| series | value | the truth |\n|---|---|---|\n")
	for _, row := range []struct {
		name, labels string
		want, within float64
	}{
		{"jobs.done.count", `level="info", source="orders"`, 1<<53 - 1, 1e-12}, // it stores decimal digits, 15 of them
		{"depth.last", `level="info", source="orders"`, -4.5, 0},
		{"db.query.count", `level="info", source="orders", table="users"`, 5000, 0},
		{"db.query.max", `level="info", source="orders", table="users"`, calls[len(calls)-1], 1e-12},
		{"db.query.p99", `level="info", source="orders", table="users"`, rank(calls, 0.99), 0.011},
	} {
		samples := victoria.QueryAt(t, fmt.Sprintf("{__name__=%q}", row.name), w.Start.Add(time.Second))
		if len(samples) != 1 || samples[0].String() != row.name+"{"+row.labels+"}" {
			t.Fatalf("%s: %v", row.name, samples)
		}
		near(t, row.name, samples[0].Value, row.want, row.within)
		fmt.Fprintf(&report, "| `%s` | %.6g | %.6g |\n", samples[0], samples[0].Value, row.want)
	}
	real.Document(t, "graphite", report.String())
}
