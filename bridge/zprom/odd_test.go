package zprom

import (
	"math"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/zibratotest"
)

func labelled(m *dto.Metric, labels ...string) *dto.Metric {
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	return m
}

func number(v float64) *dto.Metric { return &dto.Metric{Gauge: &dto.Gauge{Value: &v}} }

// A registry never does so, but a Gatherer that merges others may: of two the second would be a fall, or a growth, in each gathering.
func TestASeriesThatAGatheringHasTwiceCountsOnce(t *testing.T) {
	family := counters("c_total", counted(5, 0), counted(3, 0))
	rec, b := start(t, new(steps).then(nil, counters("c_total", counted(0, 0))).then(nil, family, counters("c_total", counted(4, 0))))
	for range 3 {
		gather(t, b)
	}
	if n := rec.Sum("c"); n != 5 {
		t.Errorf("%v, want 5", n)
	}
	if n := rec.Sum("prometheus.bridge.misuse", zibratotest.Tag("reason", "double")); n != 6 {
		t.Errorf("%v were told as doubles, want 6", n)
	}
}

// What a metric does not say is not zero.
func TestAMetricThatLacksWhatItsTypeSaysIsLeftOut(t *testing.T) {
	nothing := func(name string, typ dto.MetricType) *dto.MetricFamily { return familyOf(name, typ, &dto.Metric{}) }
	from := new(steps).then(nil, familyOf("g", dto.MetricType_GAUGE, number(7)), counters("c_total", counted(5, 0)))
	for range 2 {
		from.then(nil, nothing("g", dto.MetricType_GAUGE), nothing("c_total", dto.MetricType_COUNTER), nothing("u", dto.MetricType_UNTYPED),
			nothing("h", dto.MetricType_HISTOGRAM), nothing("s", dto.MetricType_SUMMARY))
	}
	from.then(nil, counters("c_total", counted(6, 0)))
	rec, b := start(t, from)
	for range 3 {
		gather(t, b)
	}
	if v, _ := rec.Last("g"); v != 7 {
		t.Errorf("the gauge is %v, want 7", v)
	}
	if n := rec.Sum("c"); n != 1 {
		t.Errorf("the counter is %v, want 1", n)
	}
	for _, s := range rec.Series() {
		if s.Name == "u" || s.Name == "h" || s.Name == "s" {
			t.Errorf("%s is recorded", s.Name)
		}
	}
	if n := rec.Sum("prometheus.bridge.misuse", zibratotest.Tag("reason", "type")); n != 10 {
		t.Errorf("%v were told, want 10", n)
	}
}

// Labels tell series apart whatever bytes they hold. Zibrato makes tags legal, and two series that are then one add up there.
func TestLabelsMayHoldAnything(t *testing.T) {
	of := func(v float64) *dto.MetricFamily {
		return counters("c_total", labelled(counted(v, 0), "a", "x\xffb\xffy"), labelled(counted(10*v, 0), "a", "x", "b", "y"),
			labelled(counted(100*v, 0), "a", "new\nline"), labelled(counted(1000*v, 0), "a", "new|line"), labelled(counted(10000*v, 0), "a", strings.Repeat("long", 100)))
	}
	rec, b := start(t, new(steps).then(nil, of(0)).then(nil, of(1)))
	gather(t, b)
	gather(t, b)
	if n := rec.Sum("c"); n != 11111 {
		t.Errorf("%v in all, want 11111", n)
	}
	if n := rec.Sum("c", zibratotest.Tag("a", "x"), zibratotest.Tag("b", "y")); n != 10 {
		t.Errorf("%v, want 10", n)
	}
	if n := rec.Sum("prometheus.bridge.misuse"); n != 0 {
		t.Errorf("%v were told", n)
	}
}

// One that vanishes for a while may be the same when it is back: its past must not count twice.
func TestWhatVanishesGoesOnWhenItIsBack(t *testing.T) {
	gone := counters("other_total", counted(1, 0))
	from := new(steps).then(nil, counters("c_total", counted(5, 0)), familyOf("g", dto.MetricType_GAUGE, number(7))).
		then(nil, gone).then(nil, gone).then(nil, gone).
		then(nil, counters("c_total", counted(8, 0))).then(nil, gone).then(nil, counters("c_total", counted(2, 0)))
	rec, b := start(t, from)
	for range 6 {
		gather(t, b)
	}
	if n := rec.Sum("c"); n != 3+2 {
		t.Errorf("%v, want 5", n)
	}
	if v, _ := rec.Last("g"); v != 7 {
		t.Errorf("the gauge that vanished is %v, want 7", v)
	}
}

// A series that found no room at first has a past when it finds some.
func TestThePastOfWhatFoundNoRoomDoesNotCount(t *testing.T) {
	const minute = time.Minute
	one := func(v float64, name string, created time.Duration) *dto.Metric {
		return labelled(counted(v, created), "n", name)
	}
	from := new(steps).then(nil, counters("c_total", one(1, "a", 0), one(100, "b", 0), one(100, "c", minute)))
	for i := range 4 {
		from.then(nil, counters("c_total", one(101+float64(i), "b", 0), one(101+float64(i), "c", minute)))
	}
	rec, b := start(t, from, func(c *Config) { c.MaxSeries = 1 })
	for range 4 {
		gather(t, b)
	}
	if n := rec.Sum("c", zibratotest.Tag("n", "b")); n < 1 || n > 3 {
		t.Errorf("%v, want what came since it found room", n)
	}
}

// A float64 holds no odd number above 2^53. What Prometheus shows is then what is known, and must not drift away from that.
func TestLargeCountersDoNotDrift(t *testing.T) {
	const large = 1 << 60
	from := new(steps).then(nil, counters("bytes_total", counted(large, 0)), counters("cpu_seconds_total", counted(1<<30, 0)), counters("from_zero_total", counted(0, 0)))
	bytes, cpu, zero := float64(large), float64(1<<30), float64(0)
	for i := range 1000 {
		bytes, cpu, zero = bytes+float64(i)*257, cpu+0.1, zero+1e15/3
		from.then(nil, counters("bytes_total", counted(bytes, 0)), counters("cpu_seconds_total", counted(cpu, 0)), counters("from_zero_total", counted(zero, 0)))
	}
	rec, b := start(t, from)
	for range 1000 {
		gather(t, b)
	}
	if n, want := rec.Sum("bytes"), bytes-large; n != want {
		t.Errorf("%v bytes, want %v", n, want)
	}
	if n, want := rec.Sum("cpu"), (cpu-1<<30)*1e9; math.Abs(n-want) > 128 { // what a float64 tells apart in 2^30 seconds is 119 ns
		t.Errorf("%v ns, want %v", n, want)
	}
	if n := rec.Sum("from_zero"); n != zero {
		t.Errorf("%v, want %v", n, zero)
	}
}

// Counts that are no whole numbers may be anything that a float64 can be.
func TestCountsThatAreNoNumbers(t *testing.T) {
	f := func(v float64) *float64 { return &v }
	of := func(count, bucket float64) *dto.MetricFamily {
		return familyOf("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCountFloat: f(count), SampleSum: f(3),
			Bucket: []*dto.Bucket{{UpperBound: f(1), CumulativeCountFloat: f(bucket)}}}})
	}
	from := new(steps).then(nil, of(0, 0))
	for _, v := range []float64{math.Inf(1), math.NaN(), -5, 1e300} {
		from.then(nil, of(v, v)).then(nil, of(2, v)).then(nil, of(0, 0))
	}
	rec, b := start(t, from)
	for range 12 {
		gather(t, b)
	}
	if n, s := rec.Calls("h"), rec.Summary("h"); n != 8 || s.Count > n {
		t.Errorf("%d, %d in the histogram, want 8", n, s.Count)
	}
	if m := rec.Misuses(); len(m) > 0 {
		t.Error(m)
	}
}
