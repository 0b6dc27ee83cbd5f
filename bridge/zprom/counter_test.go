package zprom

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

func TestFractionsOfCountersAreCarried(t *testing.T) {
	reg := prometheus.NewRegistry()
	joules := prometheus.NewCounter(prometheus.CounterOpts{Name: "energy_joules_total"})
	seconds := prometheus.NewCounter(prometheus.CounterOpts{Name: "cpu_seconds_total"})
	reg.MustRegister(joules, seconds)
	joules.Add(0.9)
	rec, b := start(t, reg)
	for range 1000 {
		joules.Add(0.1)
		seconds.Add(0.001)
		gather(t, b)
	}
	if n := rec.Sum("energy_joules"); n != 100 && n != 99 { // 1000 times 0.1 is a bit less or more than 100
		t.Errorf("%v joules, want 100", n)
	}
	if n := rec.Sum("cpu"); n < 999_999_999 || n > 1_000_000_001 {
		t.Errorf("%v ns, want a second", n)
	}
	for _, s := range rec.Series() {
		if unit, ok := map[string]string{"energy_joules": "J", "cpu": "ns"}[s.Name]; ok && (s.Unit != unit || s.Kind != metric.Counter) {
			t.Errorf("%s: %v in %q, want %q", s.Name, s.Kind, s.Unit, unit)
		}
	}
}

func TestCountersThatBeginAnew(t *testing.T) {
	no := errors.New("no")
	const minute = time.Minute
	for name, c := range map[string]struct {
		from *steps
		want float64
	}{
		"what was there does not count": {new(steps).then(nil, counters("c", counted(5, 0))).then(nil, counters("c", counted(7, 0))), 2},
		"a fall is a new beginning":     {new(steps).then(nil, counters("c", counted(5, 0))).then(nil, counters("c", counted(3, 0))), 3},
		"its fraction stays": {new(steps).then(nil, counters("c", counted(0.5, 0))).then(nil, counters("c", counted(1.25, 0))).
			then(nil, counters("c", counted(0.25, 0))), 1},
		"another birth is one, even without a fall": {new(steps).then(nil, counters("c", counted(5, -minute))).then(nil, counters("c", counted(9, minute))), 9},
		"one that appears counts whole":             {new(steps).then(nil).then(nil, counters("c", counted(4, 0))), 4},
		"one that appears and is old does not":      {new(steps).then(nil).then(nil, counters("c", counted(4, -minute))), 0},
		"one that appears and is young does":        {new(steps).then(nil).then(nil, counters("c", counted(4, minute))), 4},
		"nor one that may have been missed":         {new(steps).then(no).then(nil, counters("c", counted(4, 0))), 0},
		"nor does its being missed for once count twice": {new(steps).then(nil, counters("c", counted(1, 0))).then(no).
			then(nil, counters("c", counted(4, 0))), 3},
		"nonsense is left out": {new(steps).then(nil, counters("c", counted(5, 0))).then(nil, counters("c", counted(math.NaN(), 0))).
			then(nil, counters("c", counted(-1, 0))).then(nil, counters("c", counted(math.Inf(1), 0))).then(nil, counters("c", counted(6, 0))), 1},
		"it lacks what its type says": {new(steps).then(nil, counters("c", &dto.Metric{})).then(nil, counters("c", &dto.Metric{})), 0},
	} {
		n := len(*c.from)
		rec, b := start(t, c.from)
		for range n - 1 {
			b.Gather(t.Context())
		}
		if got := rec.Sum("c"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What grows while nobody watches does not show as a burst later.
func TestNothingIsGatheredWhileNobodyWatches(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	gathered, value := 0, 0.0
	from := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		gathered++
		return []*dto.MetricFamily{counters("c", counted(value, 0))}, nil
	})
	b, err := Start(Config{From: from, Scope: r.With(), Every: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	sum := int64(0)
	watch := func(grow ...float64) {
		tap, err := r.Attach(func(batch *metric.Batch) {
			for _, e := range batch.Entries {
				if e.Series.Name == "c" {
					sum = e.After.Sum.Int()
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		tap.Watch(nil, func(zibrato.Level) bool { return true })
		gather(t, b)
		for _, g := range grow {
			value += g
			gather(t, b)
		}
		if err := tap.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	watch(3)
	before := gathered
	value += 1000
	gather(t, b)
	if gathered != before {
		t.Error("it gathered although nobody watches")
	}
	watch(4, 5)
	if sum != 3+4+5 {
		t.Errorf("%d, want 12", sum)
	}
}
