package prometheus_test

import (
	"context"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

const labels = `{level="info",source="a",}`

func TestTotalsAddUpAndCreatedStays(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	write(t, s, nth(0))
	for n := range 5 {
		write(t, s, nth(n+1, aggregate(seriesOf(metric.Counter, "c"), 1<<53, 1), aggregate(seriesOf(metric.Timer, "t"), 1, 2e9), aggregate(seriesOf(metric.UpDown, "u"), 3, float64(n))))
	}
	const created = "1772366410" // the second window's start
	for _, form := range []string{"text", "openmetrics"} {
		all := scrape(t, s, form)
		c, q, u := all["c_total"+labels], all["t_seconds"+labels], all["u"+labels]
		if c.value.Cmp(new(big.Rat).SetInt64(5<<53+5)) != 0 || u.value.Cmp(big.NewRat(4, 1)) != 0 || u.kind != "gauge" {
			t.Errorf("%s: counter %v, up-down counter %v", form, c.value, u.value)
		}
		if q.count != 10 || q.value.Cmp(big.NewRat(10_000_000_005, 1e9)) != 0 {
			t.Errorf("%s: count %d, sum %v", form, q.count, q.value)
		}
		if form == "openmetrics" && (c.created != created || q.created != created || u.created != "") {
			t.Errorf("created %q, %q, %q", c.created, q.created, u.created)
		}
	}
	without := newSink(t, prometheus.Config{NoCreated: true})
	write(t, without, nth(0, aggregate(seriesOf(metric.Counter, "c"), 1)))
	if got := scrape(t, without, "openmetrics")["c_total"+labels].created; got != "" {
		t.Errorf("created %q though it is not wanted", got)
	}
}

func TestTotalsStopAtTheLimit(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	c, d := seriesOf(metric.Counter, "c"), seriesOf(metric.Distribution, "d")
	for n := range 3 {
		write(t, s, nth(n, metric.Aggregate{Series: &c, Count: 1, IntSum: math.MaxInt64}, aggregate(d, math.MaxFloat64)))
	}
	all := scrape(t, s, "text")
	if got := all["c_total"+labels].value; got.Cmp(new(big.Rat).SetInt64(math.MaxInt64)) != 0 {
		t.Error(got)
	}
	if got, _ := all["d"+labels].value.Float64(); got != math.MaxFloat64 {
		t.Error(got)
	}
}

func TestNativeBucketsAreOurs(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	of, wide := seriesOf(metric.Distribution, "d"), seriesOf(metric.Distribution, "wide")
	var want, spread metric.Histogram
	for n := range 4 {
		var values, far []float64
		for range 1000 {
			v := rand.ExpFloat64() * float64(n)
			if rand.IntN(3) == 0 {
				v = -v
			}
			values, far = append(values, v), append(far, math.Exp2(rand.Float64()*2000-1000))
			want.Add(v, 1)
			spread.Add(far[len(far)-1], 1)
		}
		write(t, s, nth(n, aggregate(of, values...), aggregate(wide, far...)))
	}
	all := scrape(t, s, "protobuf")
	for name, h := range map[string]*metric.Histogram{"d": &want, "wide": &spread} {
		got := all[name+labels]
		if int(got.schema) != h.Scale() {
			t.Errorf("%s: schema %d, want %d", name, got.schema, h.Scale())
		}
		expected := map[float64]uint64{}
		if h.Zero > 0 {
			expected[0] = h.Zero
		}
		for sign, b := range map[float64]*metric.Buckets{1: &h.Positive, -1: &h.Negative} {
			for i, n := range b.Counts {
				if n > 0 {
					expected[sign*math.Exp2((float64(b.Offset)+float64(i)+0.5)*math.Exp2(-float64(h.Scale())))] = n
				}
			}
		}
		if !maps.Equal(got.native, expected) {
			t.Errorf("%s: %d buckets that are not the %d expected", name, len(got.native), len(expected))
		}
	}
}

func TestAnEmptyHistogramIsANativeOne(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	write(t, s, nth(0, aggregate(seriesOf(metric.Timer, "t")), aggregate(seriesOf(metric.Timer, "zero"), 0, 0)))
	if all := scrape(t, s, "protobuf"); len(all) != 2 || all["zero_seconds"+labels].native[0] != 2 { // the reader checks that they are known as such
		t.Error(all)
	}
}

func TestFixedBucketsCountWhatLiesBelow(t *testing.T) {
	bounds := []float64{-0.5, 0, 0.001, 0.5, 2}
	for _, unit := range []struct {
		code   string
		factor float64
	}{{"s", 1}, {"ms", 1e-3}} {
		s := newSink(t, prometheus.Config{Bounds: map[string][]float64{"seconds": bounds}})
		of := seriesOf(metric.Distribution, "d")
		of.Unit = unit.code
		var seconds, values []float64
		for range 10_000 {
			v := rand.NormFloat64()
			seconds, values = append(seconds, v), append(values, v/unit.factor)
		}
		write(t, s, nth(0, aggregate(of, values...)))
		for form := range readers {
			got := scrape(t, s, form)["d_seconds"+labels]
			for _, b := range bounds {
				least, most := uint64(0), uint64(0)
				for _, v := range seconds {
					if v+math.Abs(v)*0.011 <= b {
						least++
					}
					if v-math.Abs(v)*0.011 <= b {
						most++
					}
				}
				if n := got.fixed[b]; n < least || n > most {
					t.Errorf("%s in %s: %d up to %v, want %d to %d", form, unit.code, n, b, least, most)
				}
			}
			if want := len(bounds) + 1; form != "protobuf" && len(got.fixed) != want {
				t.Errorf("%s: %d buckets, want %d", form, len(got.fixed), want)
			}
		}
	}
}

func TestDistributionsInOtherUnitsMoveWithinTheError(t *testing.T) {
	for code, most := range map[string]float64{"KiBy": 0.011, "kBy": 0.022} {
		s := newSink(t, prometheus.Config{})
		of := seriesOf(metric.Distribution, "d")
		of.Unit = code
		write(t, s, nth(0, aggregate(of, 0.25, 3, 1e6)))
		factor := map[string]float64{"KiBy": 1024, "kBy": 1000}[code]
		middles := slices.Sorted(maps.Keys(scrape(t, s, "protobuf")["d_bytes"+labels].native))
		for i, v := range []float64{0.25, 3, 1e6} {
			if e := math.Abs(middles[i]/(v*factor) - 1); e > most {
				t.Errorf("%v %s became %v", v, code, middles[i])
			}
		}
	}
}

func TestBucketsAddUpWhateverWasLost(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	of := seriesOf(metric.Timer, "t")
	counts := func(calls uint64, sum int64, seen ...float64) metric.Aggregate {
		a := aggregate(of, seen...)
		a.Count, a.IntSum, a.Sum = calls, sum, float64(sum)/1e9
		return a
	}
	write(t, s, nth(0, counts(3, 70e6, 10e6)))              // two calls of 60 ms were lost
	write(t, s, nth(1, counts(0, 0, 10e6, 20e6)))           // their samples come late
	write(t, s, nth(2, counts(4, 40e6)))                    // all lost
	write(t, s, nth(3, counts(2, 3e9, 1e9, 1e9, 2e9, 2e9))) // more samples than calls
	for form := range readers {
		got := scrape(t, s, form)["t_seconds"+labels] // the readers check that buckets add up
		if sum, _ := got.value.Float64(); got.count != 9 || sum != 3.11 {
			t.Errorf("%s: count %d, sum %v", form, got.count, sum)
		}
		for bound, want := range map[float64]uint64{0.005: 0, 0.025: 5, 0.05: 7, 0.5: 7, 1: 8, 2.5: 9} {
			if got.fixed[bound] != want {
				t.Errorf("%s: %d up to %v, want %d", form, got.fixed[bound], bound, want)
			}
		}
	}
}

func TestAWindowThatComesAgainAddsNothing(t *testing.T) {
	s := newSink(t, prometheus.Config{})
	for _, n := range []int{0, 0, 1, 0, 1, 2, 2} {
		write(t, s, nth(n, aggregate(seriesOf(metric.Counter, "c"), 1)))
	}
	if got := scrape(t, s, "text")["c_total"+labels].value; got.Cmp(big.NewRat(3, 1)) != 0 {
		t.Error(got)
	}
}

// clocked is a sink that lives by a clock of the test's.
func clocked(t *testing.T, cfg prometheus.Config) (s *prometheus.Sink, pass func(time.Duration)) {
	s = newSink(t, cfg)
	now := noon
	s.SetClock(func() time.Time { return now })
	return s, func(d time.Duration) { now = now.Add(d) }
}

// names are those that are shown.
func names(t *testing.T, s *prometheus.Sink) string {
	t.Helper()
	var all []string
	for form := range readers {
		var these []string
		for _, v := range scrape(t, s, form) {
			these = append(these, v.name)
		}
		slices.Sort(these)
		if all != nil && !slices.Equal(all, these) {
			t.Errorf("%s shows %q, another %q", form, these, all)
		}
		all = these
	}
	return strings.Join(all, " ")
}

func TestStaleSeriesGoAndComeBackWithTheirTotals(t *testing.T) {
	s, pass := clocked(t, prometheus.Config{Expire: time.Minute})
	idle, busy := aggregate(seriesOf(metric.Counter, "idle"), 5), aggregate(seriesOf(metric.Counter, "busy"), 1)
	write(t, s, nth(0, idle, busy))
	pass(time.Minute)
	if got := names(t, s); got != "busy_total idle_total" {
		t.Errorf("after a minute %q", got)
	}
	write(t, s, nth(1, busy))
	pass(time.Second)
	if got := names(t, s); got != "busy_total" {
		t.Errorf("after more than a minute %q", got)
	}
	pass(time.Hour)
	write(t, s, nth(2, busy, idle))
	if got := scrape(t, s, "text")["idle_total"+labels].value; got.Cmp(big.NewRat(10, 1)) != 0 {
		t.Errorf("back with %v, want 10", got)
	}
	pass(26 * time.Hour)
	write(t, s, nth(3, busy))
	write(t, s, nth(4, idle))
	if got := scrape(t, s, "text")["idle_total"+labels].value; got.Cmp(big.NewRat(5, 1)) != 0 {
		t.Errorf("back after a day with %v, want 5", got)
	}
}

func TestByDefaultSeriesStayAsLongAsTheirSource(t *testing.T) {
	s, pass := clocked(t, prometheus.Config{})
	once, other := aggregate(seriesOf(metric.Gauge, "once"), 1), seriesOf(metric.Gauge, "other")
	other.Source = "b"
	write(t, s, nth(0, once, aggregate(other, 1)))
	for n := range 100 {
		pass(time.Minute)
		write(t, s, nth(n+1, aggregate(seriesOf(metric.Counter, "alive"), 1)))
	}
	if got := names(t, s); got != "alive_total once" {
		t.Error(got)
	}
	pass(prometheus.DefaultExpire + time.Second)
	if got := names(t, s); got != "" {
		t.Error(got)
	}
	for_ever, pass := clocked(t, prometheus.Config{Expire: -1})
	write(t, for_ever, nth(0, once))
	pass(10000 * time.Hour)
	if got := names(t, for_ever); got != "once" {
		t.Error(got)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	s, pass := clocked(t, prometheus.Config{MaxSeries: 2, Expire: time.Minute})
	one, two, three := aggregate(seriesOf(metric.Counter, "one"), 1), aggregate(seriesOf(metric.Counter, "two"), 1), aggregate(seriesOf(metric.Counter, "three"), 1)
	write(t, s, nth(0, one, two))
	err := s.Write(context.Background(), nth(1, one, three, aggregate(seriesOf(metric.Gauge, "four"), 4)))
	if n, rejected := backend.Rejected(err); n != 2 || !rejected || !strings.Contains(err.Error(), "Config.MaxSeries") {
		t.Error(err)
	}
	pass(time.Minute)
	write(t, s, nth(2, one))
	pass(time.Second)
	write(t, s, nth(3, three)) // instead of two, which is stale
	if got := names(t, s); got != "one_total three_total" {
		t.Error(got)
	}
	all, err := readers["protobuf"].read(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{"series": 2, "series_refused_total": 2, "windows_total": 4} {
		if got := all["zibrato_exporter_"+name+"{}"].value; got.Cmp(big.NewRat(want, 1)) != 0 {
			t.Errorf("%s is %v, want %d", name, got, want)
		}
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	for field, cfg := range map[string]prometheus.Config{
		"MaxSeries":   {MaxSeries: -1},
		"MaxScrapes":  {MaxScrapes: -1},
		"Bounds":      {Bounds: map[string][]float64{"seconds": {1, 1}}},
		`Bounds["`:    {Bounds: map[string][]float64{"": {math.Inf(1)}}},
		"no unit":     {Bounds: map[string][]float64{"two words": {1}}},
		"SourceLabel": {SourceLabel: "a.b"},
		"LevelLabel":  {LevelLabel: "le"},
		"and so is":   {SourceLabel: "level"},
	} {
		if _, err := prometheus.New(cfg); err == nil || !strings.Contains(err.Error(), "prometheus: Config.") || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
