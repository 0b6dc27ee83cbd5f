package servers

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/servers/internal/real"
	"github.com/zibrato/zibrato/sink/statsd"
)

// flushed stands behind Etsy's statsd, where Graphite would be, and keeps what it is told.
type flushed struct {
	mu     sync.Mutex
	values map[string][]float64 // by path, one for each flush
}

func listenForFlushes(t *testing.T) (f *flushed, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f = &flushed{values: map[string][]float64{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					fields := strings.Fields(lines.Text())
					if len(fields) != 3 {
						continue
					}
					v, _ := strconv.ParseFloat(fields[1], 64)
					f.mu.Lock()
					f.values[fields[0]] = append(f.values[fields[0]], v)
					f.mu.Unlock()
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return f, l.Addr().String()
}

// sum adds up what all flushes so far said of a path.
func (f *flushed) sum(path string) (all float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return sum(f.values[path])
}

// last is what the last flush said of a path, and how many did.
func (f *flushed) last(path string) (v float64, flushes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	vs := f.values[path]
	if len(vs) == 0 {
		return math.NaN(), 0
	}
	return vs[len(vs)-1], len(vs)
}

// windowOf is the nth window of ten seconds, with these series.
func windowOf(n int, series ...metric.Aggregate) *metric.Window {
	start := time.Unix(1772366400, 0).Add(time.Duration(n) * 10 * time.Second)
	return &metric.Window{Start: start, End: start.Add(10 * time.Second), Interval: 10 * time.Second, Series: series}
}

func counted(name string, grew int64) metric.Aggregate {
	return metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: name, Source: "orders"}, Count: 1, Sum: float64(grew), IntSum: grew}
}

func set(name string, v float64) metric.Aggregate {
	a := metric.Aggregate{Series: &metric.Series{Kind: metric.Gauge, Level: metric.Info, Name: name, Source: "orders"}, Count: 1}
	a.Detail.Add(v)
	return a
}

// timed is a timer with calls that are log-normal around 7 ms, and those calls, sorted.
func timed(name string, calls int, tags ...metric.Tag) (a metric.Aggregate, seconds []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	a.Series = &metric.Series{Kind: metric.Timer, Level: metric.Info, Name: name, Source: "orders", Tags: tags}
	for range calls {
		ns := int64(math.Exp(r.NormFloat64()*0.8-5) * 1e9)
		a.Count++
		a.IntSum += ns
		seconds = append(seconds, float64(ns)/1e9)
		a.Detail.Add(float64(ns) / 1e9)
	}
	a.Sum = float64(a.IntSum) / 1e9
	slices.Sort(seconds)
	return a, seconds
}

func newStatsd(t *testing.T, cfg statsd.Config) *statsd.Sink {
	t.Helper()
	s, err := statsd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(t.Context()) })
	return s
}

// near fails the test where a value is off by more than a fraction.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within*math.Abs(want)) {
		t.Errorf("%s is %v instead of %v", what, got, want)
	}
}

func rank(sorted []float64, q float64) float64 {
	return sorted[min(max(int(math.Ceil(q*float64(len(sorted))))-1, 0), len(sorted)-1)]
}

func TestStatsdServersCountWhatWasCounted(t *testing.T) {
	const windows = 200
	truth, calls := timed("db.query", 5000)
	mean := truth.Mean() * 1e3
	var report strings.Builder
	report.WriteString("Etsy's statsd 0.9, which flushes each second, behind UDP:\n\n| at the server | there | true |\n|---|---|---|\n")

	// Etsy's, over both networks.
	for _, network := range []string{"udp", "tcp"} {
		got, graphite := listenForFlushes(t)
		server := real.StartStatsd(t, graphite)
		s := newStatsd(t, statsd.Config{Addr: server.Addr, Network: network})
		var want int64
		for n := range windows {
			grew := rand.Int64N(1 << 30)
			want += grew
			if err := s.Write(t.Context(), windowOf(n, counted("jobs.done", grew), set("depth", -4.5))); err != nil {
				t.Fatal(err)
			}
		}
		real.Eventually(t, network+": the counter", func() error {
			if sum := got.sum("stats.counters.orders.jobs.done.count"); sum != float64(want) {
				return fmt.Errorf("%v of %v so far", sum, want)
			}
			return nil
		})
		if depth, flushes := got.last("stats.gauges.orders.depth"); depth != -4.5 || flushes == 0 {
			t.Errorf("%s: the gauge is %v", network, depth)
		}
		// The values of one window may fall into two flushes, whose percentiles are then those of two samples: another time they do not.
		for try := range 10 {
			a := truth
			own := *truth.Series
			own.Name = fmt.Sprintf("db.query%d", try)
			a.Series = &own
			path := "stats.timers.orders." + own.Name + "."
			if err := s.Write(t.Context(), windowOf(windows+try, a)); err != nil {
				t.Fatal(err)
			}
			real.Eventually(t, network+": the timer", func() error {
				if n := got.sum(path + "count"); math.Abs(n-5000) > 1e-6 {
					return fmt.Errorf("%v calls so far", n)
				}
				return nil
			})
			if _, flushes := got.last(path + "count"); flushes > 1 {
				continue
			}
			value := func(what string) float64 { v, _ := got.last(path + what); return v }
			near(t, network+": mean", value("mean"), mean, 1e-6)
			near(t, network+": median", value("median"), rank(calls, 0.5)*1e3, 0.03)
			if upper, lo, hi := value("upper_90"), rank(calls, 0.88)*1e3, rank(calls, 0.92)*1e3; upper < lo || upper > hi {
				t.Errorf("%s: upper_90 is %v, not within %v and %v", network, upper, lo, hi)
			}
			if upper, lo, hi := value("upper_99"), rank(calls, 0.97)*1e3, rank(calls, 1)*1e3; upper < lo || upper > hi {
				t.Errorf("%s: upper_99 is %v, not within %v and %v", network, upper, lo, hi)
			}
			if network == "udp" {
				fmt.Fprintf(&report, "| `counters.orders.jobs.done.count`, summed over %d windows | equal | equal |\n", windows)
				fmt.Fprintf(&report, "| `gauges.orders.depth` | %v | -4.5 |\n", -4.5)
				fmt.Fprintf(&report, "| `timers.orders.db.query.count` | %.0f | 5000 |\n", value("count"))
				for _, row := range []struct {
					what  string
					truth float64
				}{{"mean", mean}, {"median", rank(calls, 0.5) * 1e3}, {"upper_90", rank(calls, 0.9) * 1e3}, {"upper_99", rank(calls, 0.99) * 1e3}, {"upper", rank(calls, 1) * 1e3}} {
					fmt.Fprintf(&report, "| `timers.orders.db.query.%s`, ms | %.4g | %.4g |\n", row.what, value(row.what), row.truth)
				}
			}
			break
		}
	}

	report.WriteString("\nstatsd_exporter 0.31, DogStatsD's tags, behind UDP:\n\n| series | there | true |\n|---|---|---|\n")
	for _, network := range []string{"udp", "tcp"} {
		server := real.StartStatsdExporter(t)
		s := newStatsd(t, statsd.Config{Addr: server.Addr, Network: network, Tags: statsd.DogStatsD})
		var want int64
		for n := range windows {
			grew := rand.Int64N(1 << 30)
			want += grew
			if err := s.Write(t.Context(), windowOf(n, counted("jobs.done", grew))); err != nil {
				t.Fatal(err)
			}
		}
		a, _ := timed("db.query", 5000, metric.Tag{Key: "table", Value: "users"})
		sizes := metric.Aggregate{Series: &metric.Series{Kind: metric.Distribution, Level: metric.Info, Name: "temperature", Source: "orders"}}
		for _, v := range []float64{-3, 0, 4, 11} {
			sizes.Count++
			sizes.Sum += v
			sizes.Detail.Add(v)
		}
		if err := s.Write(t.Context(), windowOf(windows, a, sizes, set("depth", -4.5))); err != nil {
			t.Fatal(err)
		}
		const labels, tables = `level="info",source="orders"`, `level="info",source="orders",table="users"`
		var m map[string]float64
		real.Eventually(t, network+": everything", func() error {
			m = server.Metrics(t)
			if m["db_query_count{"+tables+"}"] != 5000 || m["depth{"+labels+"}"] != -4.5 || m["jobs_done{"+labels+"}"] != float64(want) {
				return fmt.Errorf("%v calls, %v, %v of %v", m["db_query_count{"+tables+"}"], m["depth{"+labels+"}"], m["jobs_done{"+labels+"}"], want)
			}
			return nil
		})
		near(t, network+": sum", m["db_query_sum{"+tables+"}"], a.Sum, 1e-7) // each value is rounded to a nanosecond
		near(t, network+": temperatures", m["temperature_sum{"+labels+"}"], 12, 1e-9)
		if m["temperature_count{"+labels+"}"] != 4 {
			t.Errorf("%s: %v temperatures", network, m["temperature_count{"+labels+"}"])
		}
		near(t, network+": median", m["db_query{"+tables+`,quantile="0.5"}`], rank(calls, 0.5), 0.15) // its own quantiles err by 5 % of the ranks
		for name, v := range m {
			if v != 0 && (strings.Contains(name, "_errors_total") || strings.Contains(name, "conflicting") || strings.Contains(name, "too_long")) {
				t.Errorf("%s: %s is %v", network, name, v)
			}
		}
		if network == "udp" {
			fmt.Fprintf(&report, "| `jobs_done{%s}`, over %d windows | equal | equal |\n", labels, windows)
			fmt.Fprintf(&report, "| `depth{%s}` | %v | -4.5 |\n", labels, m["depth{"+labels+"}"])
			fmt.Fprintf(&report, "| `db_query_count{%s}` | %v | 5000 |\n", tables, m["db_query_count{"+tables+"}"])
			fmt.Fprintf(&report, "| `db_query_sum{%s}` | %.6f | %.6f |\n", tables, m["db_query_sum{"+tables+"}"], a.Sum)
			fmt.Fprintf(&report, "| `temperature_sum{%s}` | %.6g | 12 |\n", labels, m["temperature_sum{"+labels+"}"])
		}
	}
	real.Document(t, "statsd", report.String())
}

func TestStatsdIsAwayAndComesBack(t *testing.T) {
	server := real.StartStatsdExporter(t)
	s := newStatsd(t, statsd.Config{Addr: server.Addr, Network: "tcp"})
	if err := s.Write(t.Context(), windowOf(0, counted("jobs.done", 5))); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := s.Write(t.Context(), windowOf(1, counted("jobs.done", 7))); err == nil {
		t.Error("a server that is away took a window")
	}
	server.Start(t)
	if err := s.Write(t.Context(), windowOf(1, counted("jobs.done", 7))); err != nil {
		t.Error(err)
	}
	real.Eventually(t, "the window", func() error {
		if v := server.Metrics(t)["orders_jobs_done"]; v != 7 {
			return fmt.Errorf("%v", v)
		}
		return nil
	})
}
