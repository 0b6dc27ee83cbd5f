package logfile

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/metric"
)

func TestGoldenLines(t *testing.T) {
	start := time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	timer := metric.Aggregate{Series: &metric.Series{Kind: metric.Timer, Level: metric.Info, Name: "db.query", Source: "orders", Unit: "s",
		Tags: []metric.Tag{{Key: "outcome", Value: "ok"}, {Key: "table", Value: "users"}}}, Count: 4, Sum: 1.001000001, IntSum: 1_001_000_001}
	for _, v := range []float64{0.25, 0.5} {
		timer.Detail.Add(v)
	}
	gauge := metric.Aggregate{Series: &metric.Series{Kind: metric.Gauge, Level: "own.level", Name: "queue \"depth\" <&> \u2028 語\x01\xff\ufffd", Source: `C:\orders`},
		Count: 2, Sum: -3.5e-7}
	gauge.Detail.Add(-3.5e-7)
	counter := metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Level: metric.Error, Name: "jobs.done"}, Count: 7, Sum: 1 << 62, IntSum: 1<<62 + 1}
	uncounted := metric.Aggregate{Series: counter.Series, Sum: 5, IntSum: 5}
	idle := metric.Aggregate{Series: counter.Series}
	lost := metric.Aggregate{Series: &metric.Series{Kind: metric.UpDown, Level: metric.Debug, Name: "conns.open"}, Count: 3}
	overrun := metric.Aggregate{Series: &metric.Series{Kind: metric.Distribution, Level: metric.Debug, Name: "payload", Unit: "By"}, Count: 2, Sum: math.Inf(1)}
	overrun.Detail.Add(1e21)
	overrun.Detail.M2 = math.NaN()

	w := &metric.Window{Start: start, Series: []metric.Aggregate{timer, gauge, counter, uncounted, idle, lost, overrun}}
	var got bytes.Buffer
	s, err := New(Config{Writer: &got})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, w)
	w.Start, w.Series = start.Add(1_500_000_000), w.Series[4:5]
	write(t, s, w)

	// 2^(-1-1/64) is the middle of the bucket that 0.5 ends.
	const none = `"min":null,"max":null,"last":null,"stddev":null,"p50":null,"p90":null,"p95":null,"p99":null,"p999":null}` + "\n"
	want := `{"time":"2026-03-01T12:00:00Z","name":"db.query","kind":"timer","unit":"s","level":"info","source":"orders","tags":{"outcome":"ok","table":"users"},` +
		`"count":4,"sum":1.001000001,"min":0.25,"max":0.5,"last":0.5,"stddev":0.125,"p50":0.25,"p90":0.49461400659698773,"p95":0.49461400659698773,"p99":0.49461400659698773,"p999":0.49461400659698773}` + "\n" +
		`{"time":"2026-03-01T12:00:00Z","name":"queue \"depth\" <&> \u2028 語\u0001\ufffd` + "\ufffd" + `","kind":"gauge","unit":"","level":"own.level","source":"C:\\orders","tags":{},` +
		`"count":2,"sum":-3.5e-07,"min":-3.5e-07,"max":-3.5e-07,"last":-3.5e-07,"stddev":0,"p50":-3.5e-07,"p90":-3.5e-07,"p95":-3.5e-07,"p99":-3.5e-07,"p999":-3.5e-07}` + "\n" +
		`{"time":"2026-03-01T12:00:00Z","name":"jobs.done","kind":"counter","unit":"","level":"error","source":"","tags":{},"count":7,"sum":4611686018427387905,` + none +
		`{"time":"2026-03-01T12:00:00Z","name":"jobs.done","kind":"counter","unit":"","level":"error","source":"","tags":{},"count":null,"sum":5,` + none +
		`{"time":"2026-03-01T12:00:00Z","name":"jobs.done","kind":"counter","unit":"","level":"error","source":"","tags":{},"count":0,"sum":0,` + none +
		`{"time":"2026-03-01T12:00:00Z","name":"conns.open","kind":"updown","unit":"","level":"debug","source":"","tags":{},"count":3,"sum":null,` + none +
		`{"time":"2026-03-01T12:00:00Z","name":"payload","kind":"distribution","unit":"By","level":"debug","source":"","tags":{},"count":2,"sum":null,` +
		`"min":1e+21,"max":1e+21,"last":1e+21,"stddev":null,"p50":1e+21,"p90":1e+21,"p95":1e+21,"p99":1e+21,"p999":1e+21}` + "\n" +
		`{"time":"2026-03-01T12:00:01.5Z","name":"jobs.done","kind":"counter","unit":"","level":"error","source":"","tags":{},"count":0,"sum":0,` + none
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The standard decoder reads what arithmetic on the raw samples says.
func TestLinesSayWhatTheSamplesWere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range metric.Kinds {
		for _, n := range []int{1, 2, 19, 1000} {
			var samples []float64 // in units
			var whole int64
			a := metric.Aggregate{Series: &metric.Series{Kind: kind, Level: metric.Info, Name: "x"}, Count: uint64(n)}
			for range n {
				v := metric.FloatValue(random.NormFloat64() * 1e3)
				if kind.Integer() {
					v = metric.IntValue(random.Int64N(3e9))
				}
				whole += v.Int()
				samples = append(samples, kind.InUnits(v))
				if kind != metric.Counter {
					a.Detail.Add(kind.InUnits(v))
				}
			}
			a.Sum, a.IntSum = a.Detail.Sum, whole

			d := json.NewDecoder(bytes.NewReader(appendLine(nil, []byte(`""`), &a)))
			d.UseNumber()
			var got map[string]any
			if err := d.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if got["count"] != json.Number(strconv.Itoa(n)) {
				t.Errorf("%s: count %v of %d", kind, got["count"], n)
			}
			if exact := exactSum(kind, samples, whole); !near(got["sum"], exact, kind) {
				t.Errorf("%s: sum %v instead of %s", kind, got["sum"], exact.FloatString(12))
			}
			if kind == metric.Counter {
				for _, field := range fields[9:] {
					if v, there := got[field]; v != nil || !there {
						t.Errorf("%s of a counter is %v", field, v)
					}
				}
				continue
			}
			last := samples[n-1]
			mean, squares := 0.0, 0.0
			for _, v := range samples {
				mean += v / float64(n)
			}
			for _, v := range samples {
				squares += (v - mean) * (v - mean) / float64(n)
			}
			slices.Sort(samples)
			rank := func(q float64) float64 { return samples[max(int(math.Ceil(q*float64(n))), 1)-1] }
			for _, want := range []struct {
				field string
				value float64
				error float64
			}{
				{"min", samples[0], 0}, {"max", samples[n-1], 0}, {"last", last, 0}, {"stddev", math.Sqrt(squares), 1e-9},
				{"p50", rank(0.5), 0.011}, {"p90", rank(0.9), 0.011}, {"p95", rank(0.95), 0.011}, {"p99", rank(0.99), 0.011}, {"p999", rank(0.999), 0.011},
			} {
				v, err := got[want.field].(json.Number).Float64()
				if err != nil || math.Abs(v-want.value) > want.error*math.Abs(want.value) {
					t.Errorf("%s of %d samples of a %s is %v instead of %v (%v)", want.field, n, kind, v, want.value, err)
				}
			}
		}
	}
}

// exactSum adds up without rounding.
func exactSum(kind metric.Kind, samples []float64, whole int64) *big.Rat {
	switch kind {
	case metric.Timer:
		return big.NewRat(whole, 1e9)
	case metric.Counter:
		return big.NewRat(whole, 1)
	}
	sum := new(big.Rat)
	for _, v := range samples {
		sum.Add(sum, new(big.Rat).SetFloat64(v))
	}
	return sum
}

// near reports whether a number is the exact sum; of floats, whose sums round at every step, whether it is close.
func near(number any, exact *big.Rat, kind metric.Kind) bool {
	got, ok := new(big.Rat).SetString(number.(json.Number).String())
	if kind == metric.Timer || kind == metric.Counter {
		return ok && got.Cmp(exact) == 0
	}
	diff, _ := got.Sub(got, exact).Float64()
	return ok && math.Abs(diff) < 1e-9
}

func FuzzNumbersReadBack(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 1e-6, 9.99e-7, 1e20, 1e21, 123456789012345678, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		text := appendFloat(nil, v)
		var got *float64
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if finite := !math.IsNaN(v) && !math.IsInf(v, 0); finite != (got != nil) || finite && *got != v {
			t.Errorf("%v became %s", v, text)
		}
		if whole := v == math.Trunc(v) && math.Abs(v) < 1e21; whole && bytes.ContainsAny(text, "eE.") {
			t.Errorf("the integer %v became %s", v, text)
		}
	})
}

func FuzzStringsReadBack(f *testing.F) {
	for _, s := range []string{"", "plain", `"\`, "\u2028\u2029", "語\U0001f989", "\xff\xfe", "a\x00\x1f\x7f", "\ufffd", "\u2027\u202a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := appendString(nil, s)
		var got string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if want := string([]rune(s)); want != got {
			t.Errorf("%q became %s", s, text)
		}
		if bytes.ContainsAny(text, "\n\r\u2028\u2029") {
			t.Errorf("%q became more than one line: %s", s, text)
		}
	})
}

// BenchmarkWrite takes a window of ten thousand series, half of them timers with a thousand samples each.
func BenchmarkWrite(b *testing.B) {
	const series = 10_000
	w := &metric.Window{Start: time.Unix(1_800_000_000, 0)}
	for i := range series {
		a := metric.Aggregate{Series: &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "http.request." + strconv.Itoa(i), Source: "orders",
			Tags: []metric.Tag{{Key: "route", Value: "/users/{id}"}, {Key: "status", Value: "200"}}}, Count: 1000, IntSum: 1000}
		if i%2 == 0 {
			a.Kind = metric.Timer
			for j := range 1000 {
				a.Detail.Add(0.001 * (1 + float64(j%100)))
			}
		}
		w.Series = append(w.Series, a)
	}
	s, err := New(Config{Writer: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.Start = w.Start.Add(time.Second) // else it is known to be out already
		if err := s.Write(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(s.last)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
}
