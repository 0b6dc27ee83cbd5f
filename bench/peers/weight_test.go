package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// weighed are programs that have one timer and one counter, in the way of each library's documentation, and send nothing anywhere. A library's own
// name is that of its rows.
var weighed = []struct{ name, imports, body string }{
	{"zibrato", `"github.com/zibrato/zibrato"`,
		`defer zibrato.Time("x")(); zibrato.Inc("y")`},
	{"VictoriaMetrics", `"time"; "github.com/VictoriaMetrics/metrics"`,
		`defer metrics.NewSummary("x").UpdateDuration(time.Now()); metrics.NewCounter("y").Inc()`},
	{"cactus-statsd", `"time"; "github.com/cactus/go-statsd-client/v5/statsd"`,
		`c, _ := statsd.NewClient("127.0.0.1:1", ""); c.TimingDuration("x", time.Second, 1); c.Inc("y", 1, 1)`},
	{"datadog", `"time"; "github.com/DataDog/datadog-go/v5/statsd"`,
		`c, _ := statsd.New("127.0.0.1:1"); c.Timing("x", time.Second, nil, 1); c.Incr("y", nil, 1)`},
	{"expvar", `"expvar"`,
		`expvar.NewInt("y").Add(1)`},
	{"hashicorp", `"time"; "github.com/hashicorp/go-metrics"`,
		`m, _ := metrics.New(metrics.DefaultConfig("x"), metrics.NewInmemSink(time.Second, time.Minute)); defer m.MeasureSince([]string{"x"}, time.Now()); m.IncrCounter([]string{"y"}, 1)`},
	{"opentelemetry", `"context"; "go.opentelemetry.io/otel/sdk/metric"`,
		`m := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())).Meter("m"); h, _ := m.Float64Histogram("x"); h.Record(context.Background(), 1); c, _ := m.Int64Counter("y"); c.Add(context.Background(), 1)`},
	{"prometheus", `"github.com/prometheus/client_golang/prometheus"`,
		`h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "x"}); c := prometheus.NewCounter(prometheus.CounterOpts{Name: "y"}); prometheus.MustRegister(h, c); defer prometheus.NewTimer(h).ObserveDuration(); c.Inc()`},
	{"rcrowley", `"github.com/rcrowley/go-metrics"`,
		`defer metrics.GetOrRegisterTimer("x", nil).Time(func() {}); metrics.GetOrRegisterCounter("y", nil).Inc(1)`},
	{"tally", `"time"; "github.com/uber-go/tally/v4"`,
		`s, c := tally.NewRootScope(tally.ScopeOptions{}, time.Second); defer c.Close(); defer s.Timer("x").Start().Stop(); s.Counter("y").Inc(1)`},
}

// initTime is the time that a package's initialisation took, as the runtime says with GODEBUG=inittrace=1.
var initTime = regexp.MustCompile(`(?m)^init \S+ @\S+ ms, (\S+) ms clock`)

// A library's weight is by how much a program grows that uses it: bytes of the stripped binary, packages, and the time that their initialisation takes.
func BenchmarkWeight(b *testing.B) {
	dir := b.TempDir()
	empty := weigh(b, dir, "empty", "", "")
	for _, w := range weighed {
		b.Run("lib="+w.name, func(b *testing.B) {
			for b.Loop() {
			}
			got := weigh(b, dir, w.name, w.imports, w.body)
			b.ReportMetric(got.bytes-empty.bytes, "bytes")
			b.ReportMetric(got.packages-empty.packages, "packages")
			b.ReportMetric(got.foreign, "foreign-packages")
			b.ReportMetric(max(0, got.initMicros-empty.initMicros), "init-µs")
		})
	}
}

type weight struct{ bytes, packages, foreign, initMicros float64 }

// weigh builds a program in this module and looks at it.
func weigh(b *testing.B, dir, name, imports, body string) (w weight) {
	b.Helper()
	file, bin := filepath.Join(dir, name+".go"), filepath.Join(dir, name)
	if err := os.WriteFile(file, fmt.Appendf(nil, "package main\nimport (%s)\nfunc main() { %s }\n", imports, body), 0o600); err != nil {
		b.Fatal(err)
	}
	run(b, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, file)
	info, err := os.Stat(bin)
	if err != nil {
		b.Fatal(err)
	}
	w.bytes = float64(info.Size())
	for p := range strings.Lines(run(b, "go", "list", "-deps", "-f", "{{if not .Standard}}foreign{{end}} {{.ImportPath}}", file)) {
		w.packages++
		if strings.HasPrefix(p, "foreign") && !strings.Contains(p, "command-line-arguments") {
			w.foreign++
		}
	}
	var sums []float64
	for range 21 {
		sum := 0.0
		for _, m := range initTime.FindAllStringSubmatch(run(b, "env", "GODEBUG=inittrace=1", bin), -1) {
			ms, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += ms * 1000
		}
		sums = append(sums, sum)
	}
	slices.Sort(sums)
	w.initMicros = sums[len(sums)/2]
	return w
}

// run returns what a command says, on both of its outputs.
func run(b *testing.B, name string, args ...string) string {
	b.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		b.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
