package integrations

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zruntime"
)

// readings read what the runtime and the process do, once.
func readings(tb testing.TB) []rival {
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	own, err := zruntime.Start(zruntime.Config{Scope: rec.With(), Every: time.Hour})
	must(tb, err)
	tb.Cleanup(func() { own.Close() })
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return []rival{
		{name: bare, run: func(int) {}},
		{name: ours, run: func(n int) {
			for range n {
				own.Read()
			}
		}, ready: c.Flush},
		{name: "client_golang", run: func(n int) {
			for range n {
				_, err := reg.Gather()
				must(tb, err)
			}
		}},
	}
}

// BenchmarkRuntime reads all that is known of the runtime and the process.
func BenchmarkRuntime(b *testing.B) { against(b, readings(b)) }
