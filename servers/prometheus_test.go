//go:build cgo

package servers

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/publisher"
	"github.com/zibrato/zibrato/servers/internal/real"
	"github.com/zibrato/zibrato/sink/prometheus"
	"github.com/zibrato/zibrato/subscriber"
)

// forms are the jobs that scrape, one for each form.
var forms = map[string]string{"text": "PrometheusText0.0.4", "openmetrics": "OpenMetricsText1.0.0", "protobuf": "PrometheusProto"}

// scrapeAll is a configuration by which Prometheus scrapes an endpoint in every form.
func scrapeAll(addr string) string {
	var b strings.Builder
	b.WriteString("global: {scrape_interval: 1s}\nscrape_configs:\n")
	for job, protocol := range forms {
		fmt.Fprintf(&b, "  - {job_name: %s, scrape_protocols: [%s], scrape_native_histograms: %v, static_configs: [{targets: [%q]}]}\n",
			job, protocol, job == "protobuf", addr)
	}
	return b.String()
}

// endpoint serves a sink.
func endpoint(t *testing.T, cfg prometheus.Config) (sink *prometheus.Sink, addr string) {
	t.Helper()
	sink, err := prometheus.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sink)
	t.Cleanup(server.Close)
	return sink, server.Listener.Addr().String()
}

// fleet is so many recorders, each with a publisher, behind one forwarder, and a backend that takes to a sink what they measure.
func fleet(t *testing.T, processes int, sink backend.Sink) (recs []*zibrato.Recorder, end func()) {
	t.Helper()
	var ends []func() error
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0"})
	check(err)
	sub, err := subscriber.Start(subscriber.Config{From: fwd.OutAddr()})
	check(err)
	b, err := backend.Start(backend.Config{From: sub, Interval: 200 * time.Millisecond, Sinks: []backend.Sink{sink}})
	check(err)
	for i := range processes {
		rec := zibrato.New(zibrato.Config{Source: fmt.Sprintf("worker%d", i), SummaryEvery: 100 * time.Millisecond})
		pub, err := publisher.Start(publisher.Config{Recorder: rec, Endpoint: fwd.InAddr()})
		check(err)
		ctx, cancel := context.WithTimeout(t.Context(), real.Patience)
		check(pub.WaitSubscriber(ctx, zibrato.LevelInfo))
		cancel()
		recs = append(recs, rec)
		ends = append(ends, pub.Close, rec.Close)
	}
	ends = append(ends, b.Close, fwd.Close)
	return recs, func() {
		for _, end := range ends {
			if err := end(); err != nil {
				t.Error(err)
			}
		}
	}
}

// latencies are what one process measures: an exponential distribution, 10 ms in the mean, one in so many of which is slower by its number.
func latencies(process int) (all []time.Duration) {
	const n = 4000
	for i := range n {
		all = append(all, time.Duration(float64(process+1)*1e7*-math.Log(1-(float64(i)+0.5)/n)))
	}
	return all
}

func TestPrometheusGetsWhatWasMeasured(t *testing.T) {
	sink, addr := endpoint(t, prometheus.Config{})
	server := real.StartPrometheus(t, scrapeAll(addr), "--enable-feature=created-timestamp-zero-ingestion")
	recs, end := fleet(t, 3, sink)
	var all []time.Duration
	var sum time.Duration
	for i, rec := range recs {
		for _, d := range latencies(i) {
			rec.Observe("db.query", d)
			all, sum = append(all, d), sum+d
		}
		for j := range 1000 {
			rec.Count("jobs.done", int64(i*1000+j))
		}
		rec.With(zibrato.Source("queue")).Set("depth", float64(10+i))
		rec.With(zibrato.Source("pool")).NewUpDown("conns.open").Add(int64(i + 1))
		rec.NewDistribution("payload", zibrato.WithUnit("By"), zibrato.WithHelp("what bodies weigh")).Record(float64(int(512) << i))
	}
	slices.Sort(all)

	var doc strings.Builder
	doc.WriteString("| query | answer | true |\n|---|---:|---:|\n")
	tell := func(query string, got, want float64, digits int) {
		number := func(v float64) string { return strconv.FormatFloat(v, 'f', digits, 64) }
		fmt.Fprintf(&doc, "| `%s` | %s | %s |\n", query, number(got), number(want))
	}
	exactly := func(query string, want float64) {
		t.Helper()
		real.Eventually(t, query, func() error {
			if got := server.Query(t, query); len(got) != 1 || math.Abs(got[0].Value-want) > 1e-9*want {
				return fmt.Errorf("%v, want %v", got, want)
			}
			return nil
		})
		tell(query, want, want, -1) // as it is, but for the last bits of sums
	}
	for _, job := range slices.Sorted(maps.Keys(forms)) {
		exactly(fmt.Sprintf(`sum(jobs_done_total{job=%q})`, job), 3*499_500+3e6) // 0 to 999, 1000 to 1999, and so on
	}
	exactly(`jobs_done_total{job="openmetrics", source="worker2"}`, 499_500+2e6)
	exactly(`sum(db_query_seconds_count{job="text"})`, float64(len(all)))
	exactly(`sum(db_query_seconds_sum{job="openmetrics"})`, sum.Seconds())
	exactly(`histogram_count(sum(db_query_seconds{job="protobuf"}))`, float64(len(all)))
	exactly(`histogram_sum(sum(db_query_seconds{job="protobuf"}))`, sum.Seconds())
	exactly(`conns_open{job="protobuf", source="pool"}`, 6)
	exactly(`count(db_query_seconds{job="protobuf"})`, 3)
	exactly(`histogram_sum(sum(payload_bytes{job="protobuf"}))`, 512+1024+2048)
	for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
		want := all[int(math.Ceil(q*float64(len(all))))-1].Seconds()
		for query, most := range map[string]float64{
			fmt.Sprintf(`histogram_quantile(%v, sum(db_query_seconds{job="protobuf"}))`, q):             0.011,
			fmt.Sprintf(`histogram_quantile(%v, sum by (le) (db_query_seconds_bucket{job="text"}))`, q): 0.6, // between bounds that far apart
		} {
			got := server.One(t, query).Value
			if e := math.Abs(got/want - 1); e > most {
				t.Errorf("%s is %v, want %v: %.2f %% off", query, got, want, 100*e)
			}
			if most < 0.1 {
				tell(query, got, want, 5)
			}
		}
	}
	// The created timestamp makes a server that heeds it see each counter begin at zero.
	exactly(`min_over_time(jobs_done_total{job="openmetrics", source="worker1"}[5m])`, 0)
	exactly(`min_over_time(jobs_done_total{job="protobuf", source="worker1"}[5m])`, 0)
	if got := server.Query(t, `depth{job="text", source="queue"}`); len(got) != 1 || got[0].Value < 10 || got[0].Value > 12 {
		t.Errorf("a gauge that three processes set to 10, 11 and 12 is %v", got)
	}
	if got := server.Query(t, `up{job!=""}`); len(got) != len(forms) || slices.ContainsFunc(got, func(s real.Sample) bool { return s.Value != 1 }) {
		t.Errorf("scrapes failed: %v", got)
	}
	end()
	real.Document(t, "prometheus", doc.String())
}

func TestPromtoolFindsNoFault(t *testing.T) {
	sink, addr := endpoint(t, prometheus.Config{})
	recs, end := fleet(t, 2, sink)
	for _, rec := range recs {
		rec.Observe("db.query", time.Second)
		rec.Inc("jobs.done")
		rec.Set("queue.depth", 3)
		rec.NewUpDown("conns.open", zibrato.WithHelp("what is open")).Add(1)
		rec.NewDistribution("payload", zibrato.WithUnit("KiBy"), zibrato.Tag("http.route", `/a"b\c`)).Record(512)
		rec.NewGauge("cpu", zibrato.WithUnit("%")).Set(12)
		rec.NewCounter("net.sent", zibrato.WithUnit("By")).Add(5)
		rec.NewDistribution("lag", zibrato.WithUnit("ms")).Record(5)
	}
	var page []byte
	real.Eventually(t, "all of it, and what recorders say about themselves", func() error {
		var err error
		if page, err = real.Get(t.Context(), "http://"+addr); err != nil {
			return err
		}
		for _, want := range []string{"db_query_seconds_count", "cpu_ratio", "net_sent_bytes_total", "lag_seconds_sum", "payload_bytes_sum", "zibrato_drain_seconds_count", "zibrato_cpu_share_ratio"} {
			if !strings.Contains(string(page), want) {
				return fmt.Errorf("no %s in\n%s", want, page)
			}
		}
		return nil
	})
	end()
	if said, content := real.Promtool(t, page, "check", "metrics"); !content || said != "" {
		t.Errorf("promtool says %s", said)
	}
}

func TestStaleSeriesVanishFromPrometheus(t *testing.T) {
	sink, addr := endpoint(t, prometheus.Config{Expire: 3 * time.Second})
	server := real.StartPrometheus(t, scrapeAll(addr))
	n := 0
	write := func(names ...string) {
		t.Helper()
		w := &metric.Window{Start: time.Unix(int64(n), 0), End: time.Unix(int64(n)+1, 0), Interval: time.Second}
		for _, name := range names {
			s := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: "a"}
			w.Series = append(w.Series, metric.Aggregate{Series: s, Count: 1, IntSum: 1, Sum: 1})
		}
		n++
		if err := sink.Write(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	for _, stage := range []struct {
		written []string
		gone    int // how many of the series are there in the end
	}{{[]string{"busy", "gone"}, len(forms)}, {[]string{"busy"}, 0}} {
		real.Eventually(t, fmt.Sprintf("%d of what is gone", stage.gone), func() error {
			write(stage.written...)
			if busy, gone := server.Query(t, "busy_total"), server.Query(t, "gone_total"); len(busy) != len(forms) || len(gone) != stage.gone {
				return fmt.Errorf("%v, %v", busy, gone)
			}
			return nil
		})
	}
}
