package servers

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/servers/internal/real"
	"github.com/zibrato/zibrato/sink/otlp"
)

// otlpURL is where a Prometheus takes OTLP.
func otlpURL(p *real.Prometheus) string { return otlp.MetricsURL(p.URL + "/api/v1/otlp") }

func TestPrometheusTakesOTLP(t *testing.T) {
	p := real.StartPrometheus(t, "")
	rec := zibrato.New(zibrato.Config{Source: "orders"})
	b, err := backend.Start(backend.Config{
		From: backend.InProcess(rec), Interval: 200 * time.Millisecond,
		Sinks: []backend.Sink{otlp.New(otlp.Config{URL: otlpURL(p), Gzip: true, Resource: map[string]string{"deployment.environment.name": "test"}})},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()

	// Samples as an HTTP service has them, in several windows; the truth about them is what was drawn.
	random := rand.New(rand.NewPCG(1, 2))
	queries := rec.NewTimer("db.query", zibrato.Tag("table", "users"), zibrato.WithHelp("time spent in the database"))
	sizes := rec.NewDistribution("payload", zibrato.WithUnit("By"))
	var took, bytes []float64
	for i := range 20_000 {
		d := time.Duration(math.Exp(random.NormFloat64()*0.8-5) * 1e9)
		took = append(took, d.Seconds())
		queries.Observe(d)
		size := math.Round(math.Exp(random.NormFloat64()*1.5 + 8))
		bytes = append(bytes, size)
		sizes.Record(size)
		rec.Inc("jobs.done")
		if i%5000 == 0 {
			time.Sleep(250 * time.Millisecond)
		}
	}
	open := rec.NewUpDown("conns.open")
	open.Add(17)
	open.Add(-5)
	rec.Set("queue.depth", 4.5)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	// By the names and units that Prometheus makes of OpenTelemetry's.
	const labels = `{job="orders", level="info"}`
	for expr, want := range map[string]float64{
		`jobs_done_total`: 20_000, `conns_open`: 12, `queue_depth`: 4.5,
		`histogram_count(payload_bytes)`: 20_000, `histogram_count(db_query_seconds{table="users"})`: 20_000,
	} {
		if got := p.One(t, expr); got.Value != want || got.Labels["job"] != "orders" || got.Labels["level"] != "info" {
			t.Errorf("%s is %v of %v, want %v", expr, got.Value, got, want)
		}
	}
	about := func(what string, got, want, within float64) {
		t.Helper()
		if !(math.Abs(got-want) <= within*math.Abs(want)) {
			t.Errorf("%s is %v instead of %v, %.2f %% off", what, got, want, 100*math.Abs(got/want-1))
		}
	}
	about("histogram_sum", p.One(t, "histogram_sum(db_query_seconds)").Value, sum(took), 1e-9)
	about("histogram_sum", p.One(t, "histogram_sum(payload_bytes)").Value, sum(bytes), 1e-9)
	quantiles := map[string][]float64{"db_query_seconds": took, "payload_bytes": bytes}
	var lines []string
	for _, name := range []string{"db_query_seconds", "payload_bytes"} {
		var ours metric.Summary
		for _, v := range quantiles[name] {
			ours.Add(v)
		}
		samples := slices.Sorted(slices.Values(quantiles[name]))
		for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
			expr := fmt.Sprintf("histogram_quantile(%v, %s)", q, name)
			there, here, truth := p.One(t, expr).Value, ours.Quantile(q), samples[int(math.Ceil(q*float64(len(samples))))-1]
			// We take a bucket's middle for all that is in it. Prometheus takes what lies as far in it as the rank does among its values, which may be
			// its edge.
			about(expr+" beside ours", there, here, 0.011)
			about("ours for "+expr, here, truth, 0.011)
			about(expr, there, truth, 0.022)
			lines = append(lines, fmt.Sprintf("| `%s` | %.5g | %.5g | %.5g |", expr, there, here, truth))
		}
	}
	// Its own series arrive, too, and the resource.
	p.One(t, `target_info{deployment_environment_name="test", job="orders"}`)

	var text strings.Builder
	text.WriteString("| series at Prometheus 3.16 | value |\n|---|---|\n")
	for _, name := range []string{"jobs_done_total", "conns_open", "queue_depth", "db_query_seconds", "payload_bytes"} {
		s := p.One(t, name)
		value := fmt.Sprint(s.Value)
		if s.Histogram != nil {
			value = fmt.Sprintf("native histogram of %v, sum %.6g, in %d buckets", s.Histogram.Count, s.Histogram.Sum, s.Histogram.Buckets)
		}
		fmt.Fprintf(&text, "| `%s` | %s |\n", s, value)
	}
	text.WriteString("\n| query | there | Zibrato's | the sample |\n|---|---|---|---|\n" + strings.Join(lines, "\n"))
	real.Document(t, "otlp", text.String())
}

func sum(values []float64) (all float64) {
	for _, v := range values {
		all += v
	}
	return all
}

// minute is a window that holds one counter.
func minute(end time.Time, name string, grew int64) *metric.Window {
	s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: "test"}
	return &metric.Window{
		Start: end.Add(-time.Minute), End: end, Interval: time.Minute, Series: []metric.Aggregate{{Series: s, Count: 1, IntSum: grew, Sum: float64(grew)}},
	}
}

func TestPrometheusRefusesDeltaForGood(t *testing.T) {
	p := real.StartPrometheus(t, "")
	s := otlp.New(otlp.Config{URL: otlpURL(p), Temporality: otlp.Delta})
	defer s.Close(context.Background())
	err := s.Write(t.Context(), minute(time.Now(), "c", 1))
	if n, rejected := backend.Rejected(err); !rejected || n != 1 || !strings.Contains(err.Error(), "check Temporality") {
		t.Errorf("%v", err)
	}
	// What is too old for Prometheus is refused, and holds nothing up.
	s = otlp.New(otlp.Config{URL: otlpURL(p)})
	defer s.Close(context.Background())
	now := time.Now()
	if err := s.Write(t.Context(), minute(now, "d", 1)); err != nil {
		t.Fatal(err)
	}
	old := otlp.New(otlp.Config{URL: otlpURL(p)})
	defer old.Close(context.Background())
	if err := old.Write(t.Context(), minute(now.Add(-5*time.Hour), "d", 1)); err == nil {
		t.Error("a point of five hours ago was taken")
	} else if n, rejected := backend.Rejected(err); !rejected || n != 1 {
		t.Errorf("a point of five hours ago: %v", err)
	}
}

func TestTotalsOutliveAnAbsenceOfPrometheus(t *testing.T) {
	p := real.StartPrometheus(t, "")
	s := otlp.New(otlp.Config{URL: otlpURL(p)})
	defer s.Close(context.Background())
	end := time.Now().Add(-10 * time.Second)
	first, second := minute(end, "c", 5), minute(end.Add(5*time.Second), "c", 7)
	if err := s.Write(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	if _, again := backend.RetryAfter(s.Write(t.Context(), second)); !again {
		t.Error("a receiver that is away is not tried again")
	}
	p.Start(t)
	for range 2 { // the second time as after a reply that was lost
		if err := s.Write(t.Context(), second); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.One(t, "c_total"); got.Value != 12 {
		t.Errorf("%v is %v, want 12", got, got.Value)
	}
}
