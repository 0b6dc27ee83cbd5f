package integrations

import (
	"expvar"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zexpvar"
)

// counts are published once: package expvar takes nothing back.
var counts = sync.OnceValue(func() *expvar.Map {
	m := expvar.NewMap("bench.counts")
	for i := range 100 {
		m.Add(strconv.Itoa(i), int64(i))
	}
	return m
})

// imports read a Map of 100 numbers, which move in between.
func imports(tb testing.TB) []rival {
	m := counts()
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	r, err := zexpvar.Start(zexpvar.Config{
		Scope: rec.With(), Every: time.Hour,
		Select:  func(v string) bool { return strings.HasPrefix(v, "bench.") },
		Counter: func(string) bool { return true },
		Tag:     func(string) string { return "key" },
	})
	must(tb, err)
	tb.Cleanup(func() { r.Close() })
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewExpvarCollector(map[string]*prometheus.Desc{"bench.counts": prometheus.NewDesc("counts", "Counts.", []string{"key"}, nil)}))
	move := func() {
		m.Do(func(kv expvar.KeyValue) { kv.Value.(*expvar.Int).Add(1) })
	}
	each := func(f func()) func(int) {
		return func(n int) {
			for range n {
				move()
				f()
			}
		}
	}
	return []rival{
		{name: bare, run: each(func() {})},
		{name: ours, run: each(r.Read), ready: c.Flush},
		{name: "client_golang", run: each(func() {
			_, err := reg.Gather()
			must(tb, err)
		})},
	}
}

// BenchmarkExpvar reads what package expvar publishes.
func BenchmarkExpvar(b *testing.B) { against(b, imports(b)) }
