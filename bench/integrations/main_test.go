package integrations

import (
	"flag"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/internal/measure"
)

func TestMain(m *testing.M) {
	flag.Parse()
	harness.PrintConfig()
	ballast := make([]byte, 64<<20) // so that who allocates is not charged for the many collections of a small heap
	code := m.Run()
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// A rival does a piece of work n times.
type rival struct {
	name string
	run  func(n int)
	// seen returns how many pieces of work it knows of; nil: it measures nothing.
	seen func() int
	// ready is called before each slice, and not timed.
	ready func()
}

// The names of what measures nothing, and of ours.
const (
	bare = "bare"
	ours = "zibrato"
)

// slice is long enough for hundreds of requests, and short against the turns that a scheduler gives to other programs.
const slice = 500 * time.Microsecond

// against measures the rivals in turns. ns/op is the whole, over-ns/op what measuring adds to the bare work, x-zibrato how many times what ours adds.
func against(b *testing.B, rivals []rival) { on(b, 1, rivals) }

// on does so on several goroutines at once.
func on(b *testing.B, workers int, rivals []rival) {
	var cases []measure.Case
	for _, r := range rivals {
		cases = append(cases, measure.Case{Name: r.name, Run: r.run, Before: r.ready})
	}
	results := map[string]measure.Result{}
	b.Run("all", func(b *testing.B) {
		for _, r := range harness.Compare(b, slice, workers, cases...) {
			results[r.Name] = r
		}
	})
	for _, r := range rivals {
		b.Run("lib="+r.name, func(b *testing.B) {
			harness.Once(b, func() {})
			over := harness.Difference(results[r.name], results[bare])
			b.ReportMetric(results[r.name].Quartiles().Median, "ns/op")
			b.ReportMetric(float64(measure.Allocs(r.run)), "allocs/call")
			if r.name != bare {
				b.ReportMetric(over, "over-ns/op")
				b.ReportMetric(over/harness.Difference(results[ours], results[bare]), "x-zibrato")
			}
		})
	}
}

// assertSeen lets each rival work, and fails those that do not know of it: they would be cheap ones.
func assertSeen(t *testing.T, rivals []rival) {
	for _, r := range rivals {
		if r.ready != nil {
			r.ready()
		}
		before := 0
		if r.seen != nil {
			before = r.seen()
		}
		const n = 50
		r.run(n)
		if r.seen == nil {
			continue
		}
		if got := r.seen() - before; got != n {
			t.Errorf("%s knows of %d, want %d", r.name, got, n)
		}
	}
}

func must(tb testing.TB, errs ...error) {
	tb.Helper()
	for _, err := range errs {
		if err != nil {
			tb.Fatal(err)
		}
	}
}
