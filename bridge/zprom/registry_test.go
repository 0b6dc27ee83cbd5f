package zprom

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// scraped is what Prometheus would have read: the texts of all gatherings.
type scraped struct {
	from  prometheus.Gatherer
	texts []string
}

func (s *scraped) Gather() ([]*dto.MetricFamily, error) {
	families, err := s.from.Gather()
	var text bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return nil, err
		}
	}
	s.texts = append(s.texts, text.String())
	return families, err
}

// parsed reads one of the texts.
func (s *scraped) parsed(t *testing.T, i int) map[string]*dto.Metric {
	t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(s.texts[i]))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*dto.Metric{}
	for name, f := range families {
		for _, m := range f.Metric {
			all[name+labels(m)] = m
		}
	}
	return all
}

func labels(m *dto.Metric) string {
	var all []string
	for _, l := range m.Label {
		all = append(all, l.GetName()+"="+l.GetValue())
	}
	slices.Sort(all)
	return "{" + strings.Join(all, ",") + "}"
}

// keeper is a sink that adds up what windows say, by name and tags and kind.
type keeper struct {
	mu     sync.Mutex
	series map[string]*metric.Aggregate
}

func (k *keeper) Write(_ context.Context, w *metric.Window) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range w.Series {
		var tags []string
		for _, t := range a.Tags {
			tags = append(tags, t.Key+"="+t.Value)
		}
		key := a.Kind.String() + " " + a.Name + "{" + strings.Join(tags, ",") + "}"
		sum := k.series[key]
		if sum == nil {
			sum = &metric.Aggregate{Series: a.Series}
			k.series[key] = sum
		}
		sum.Count += a.Count
		sum.Sum += a.Sum
		sum.IntSum += a.IntSum
		sum.Detail.Merge(&a.Detail)
	}
	return nil
}

func (*keeper) Close(context.Context) error { return nil }

// What arrives at a sink is what Prometheus reads of the same registry, with everything in it that client_golang brings.
func TestASinkLearnsWhatPrometheusReads(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total"}, []string{"code", "method"})
	busy := prometheus.NewCounter(prometheus.CounterOpts{Name: "busy_seconds_total"})
	energy := prometheus.NewCounter(prometheus.CounterOpts{Name: "energy_joules_total"})
	depth := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "queue_depth"}, []string{"queue"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "request_duration_seconds", Buckets: prometheus.DefBuckets}, []string{"route"})
	size := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "response_size_bytes", Buckets: prometheus.ExponentialBuckets(64, 4, 6)})
	native := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "native_seconds", NativeHistogramBucketFactor: 1.1}, []string{"route"})
	quantiles := prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "rpc_bytes", Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001}}, []string{"service"})
	bare := prometheus.NewSummary(prometheus.SummaryOpts{Name: "gc_wait_seconds"})
	reg.MustRegister(requests, busy, energy, depth, duration, size, native, quantiles, bare)
	rng := rand.New(rand.NewPCG(1, 2))
	work := func() {
		for range 200 {
			requests.WithLabelValues([]string{"200", "404", "500"}[rng.IntN(3)], []string{"GET", "POST"}[rng.IntN(2)]).Inc()
			busy.Add(rng.Float64() / 1000)
			energy.Add(rng.Float64() * 3)
			depth.WithLabelValues([]string{"a", "b"}[rng.IntN(2)]).Set(rng.NormFloat64())
			duration.WithLabelValues([]string{"/", "/a"}[rng.IntN(2)]).Observe(rng.ExpFloat64() / 10)
			native.WithLabelValues([]string{"/", "/a"}[rng.IntN(2)]).Observe(rng.ExpFloat64() / 10)
			size.Observe(float64(rng.IntN(1 << 18)))
			quantiles.WithLabelValues("x").Observe(rng.Float64() * 1e5)
			bare.Observe(rng.Float64())
		}
		runtime.GC()
	}
	work() // of which what is there at the beginning does not count
	depth.WithLabelValues("late").Set(1)

	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	sink := &keeper{series: map[string]*metric.Aggregate{}}
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Hour, Sinks: []backend.Sink{sink}})
	if err != nil {
		t.Fatal(err)
	}
	from := &scraped{from: reg}
	bridge, err := Start(Config{From: from, Scope: rec.With(), Every: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		work()
		requests.WithLabelValues("late", string(rune('0'+i))).Add(float64(i)) // which counts from its beginning
		if err := bridge.Gather(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	work()
	if err := bridge.Close(); err != nil { // gathers once more
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(from.texts); n != 7 {
		t.Fatalf("it gathered %d times, want 7", n)
	}
	before, after := from.parsed(t, 0), from.parsed(t, len(from.texts)-1)
	compared := map[string]int{}
	for name, m := range after {
		was := before[name]
		if was == nil {
			was = &dto.Metric{}
		}
		switch family, rest, _ := strings.Cut(name, "{"); {
		case m.Counter != nil:
			compared["counter"]++
			scale := 1.0
			family = strings.TrimSuffix(family, "_total")
			if short, ok := strings.CutSuffix(family, "_seconds"); ok {
				family, scale = short, 1e9
			}
			want := (m.Counter.GetValue() - was.Counter.GetValue()) * scale
			got := sink.series["counter "+family+"{"+rest]
			if got == nil {
				got = &metric.Aggregate{}
			}
			if d := want - float64(got.IntSum); d < -1e-6*scale || d >= 1+1e-6*scale { // the scale's part is rounding, of the test
				t.Errorf("%s grew by %v, the sink knows %d", name, want, got.IntSum)
			}
		case m.Gauge != nil:
			compared["gauge"]++
			if got := sink.series["gauge "+name]; got == nil || got.Detail.Last != m.Gauge.GetValue() {
				t.Errorf("%s is %v, the sink knows %+v", name, m.Gauge.GetValue(), got)
			}
		case m.Histogram != nil, m.Summary != nil:
			kind := "distribution "
			if strings.HasSuffix(family, "_seconds") {
				kind = "timer "
			}
			n := m.GetHistogram().GetSampleCount() + m.GetSummary().GetSampleCount() - was.GetHistogram().GetSampleCount() - was.GetSummary().GetSampleCount()
			sum := m.GetHistogram().GetSampleSum() + m.GetSummary().GetSampleSum() - was.GetHistogram().GetSampleSum() - was.GetSummary().GetSampleSum()
			got := sink.series[kind+name]
			if got == nil {
				if n != 0 {
					t.Errorf("%s is missing", name)
				}
				continue
			}
			if got.Count != n || math.Abs(got.Sum-sum) > 1e-9*(1+math.Abs(sum)) {
				t.Errorf("%s: %d with sum %v, want %d with %v", name, got.Count, got.Sum, n, sum)
			}
			if m.Summary != nil {
				compared["summary"]++
				for _, q := range m.Summary.Quantile {
					key := "gauge " + family + "_quantile{quantile=" + map[float64]string{0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 0.99: "0.99", 1: "1"}[q.GetQuantile()]
					if rest != "}" {
						key += "," + rest
					} else {
						key += "}"
					}
					if got := sink.series[key]; got == nil || got.Detail.Last != q.GetValue() {
						t.Errorf("quantile %v of %s is %v, the sink knows %+v", q.GetQuantile(), name, q.GetValue(), got)
					}
				}
				continue
			}
			compared["histogram"]++
			if got.Detail.Count != n && !strings.HasPrefix(name, "go_") {
				t.Errorf("%s: %d of %d are in the histogram", name, got.Detail.Count, n)
			}
		default:
			t.Errorf("%s: %v", name, m)
		}
	}
	if compared["counter"] < 30 || compared["gauge"] < 40 || compared["histogram"] < 5 || compared["summary"] < 3 {
		t.Errorf("compared only %v", compared)
	}
	for key, a := range sink.series {
		if strings.Contains(key, "misuse") && a.Count > 0 {
			t.Errorf("misuse: %s %v", key, a.Tags)
		}
	}
	if a := sink.series["timer request_duration_seconds{route=/}"]; a == nil || a.Unit != "s" {
		t.Errorf("%+v", a)
	}
	if a := sink.series["counter process_cpu{}"]; a != nil && (a.Unit != "ns" || a.Help == "") {
		t.Errorf("%+v", a.Series)
	}
}
