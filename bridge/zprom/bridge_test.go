package zprom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/zibratotest"
)

func TestWhatCameBesideAnErrorIsRecorded(t *testing.T) {
	no := errors.New("the disk is gone")
	from := new(steps).then(nil, counters("c", counted(1, 0))).then(no, counters("c", counted(3, 0)))
	var log bytes.Buffer
	rec, b := start(t, from, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 50 {
		if err := b.Gather(t.Context()); !errors.Is(err, no) {
			t.Fatal(err)
		}
	}
	if n := rec.Sum("c"); n != 2 {
		t.Errorf("%v, want 2", n)
	}
	if n := rec.Sum("prometheus.bridge.misuse", zibratotest.Tag("reason", "error")); n != 50 {
		t.Errorf("%v errors, want 50", n)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "the disk is gone") {
		t.Errorf("%d lines of log: %s", lines, &log)
	}
}

func TestARegistryThatFailsInPart(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"})
	reg.MustRegister(c, broken{prometheus.NewDesc("broken", "", nil, nil)})
	rec, b := start(t, reg)
	c.Add(7)
	if err := b.Gather(t.Context()); err == nil {
		t.Error("no error")
	}
	if n := rec.Sum("c"); n != 7 {
		t.Errorf("%v, want 7", n)
	}
}

// broken is a collector that cannot collect.
type broken struct{ *prometheus.Desc }

func (b broken) Describe(to chan<- *prometheus.Desc) { to <- b.Desc }
func (b broken) Collect(to chan<- prometheus.Metric) {
	to <- prometheus.NewInvalidMetric(b.Desc, errors.New("broken"))
}

func TestAGathererThatPanicsOrHangsHarmsNobody(t *testing.T) {
	enter, leave := make(chan struct{}), make(chan struct{})
	calls, value := 0, 0.0
	from := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		switch calls++; calls {
		case 2:
			panic("no")
		case 3:
			close(enter)
			<-leave
		}
		value++
		return []*dto.MetricFamily{counters("c", counted(value, 0))}, nil
	})
	rec, b := start(t, from)
	if err := b.Gather(t.Context()); err == nil || !strings.Contains(err.Error(), "panicked: no") {
		t.Errorf("a panic came back as %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-enter; cancel() }()
	if err := b.Gather(ctx); !errors.Is(err, ErrLate) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it is late", err)
	}
	if err := b.Gather(ctx); !errors.Is(err, ErrLate) || calls != 3 {
		t.Errorf("%v after %d calls, want that it is late still", err, calls)
	}
	close(leave)
	gather(t, b) // what came late is dropped, and no growth with it
	if n := rec.Sum("c"); n != 2 {
		t.Errorf("%v, want 2", n)
	}
	if late := rec.Sum("prometheus.bridge.misuse", zibratotest.Tag("reason", "slow")); late != 2 {
		t.Errorf("%v were late, want 2", late)
	}
}

func TestItGathersOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := zibratotest.New(t)
		reg := prometheus.NewRegistry()
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"})
		reg.MustRegister(c)
		b, err := Start(Config{From: reg, Scope: rec.With()})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(35 * time.Second)
		synctest.Wait()
		if n := rec.Calls("prometheus.bridge.gather"); n != 4 {
			t.Errorf("it gathered %d times in 35 s, want 4", n)
		}
		c.Add(3)
		for range 2 {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
		if n, sum := rec.Calls("prometheus.bridge.gather"), rec.Sum("c"); n != 5 || sum != 3 {
			t.Errorf("it gathered %d times with that of Close, want 5; the counter is %v", n, sum)
		}
		rec.Close()
	})
}

func TestOnlyWhatIsSelectedIsRecordedAndNothingOfZibratosOwn(t *testing.T) {
	from := new(steps).then(nil, counters("zibrato_exporter_windows_total", counted(1, 0)), counters("a_total", counted(1, 0)), counters("b_total", counted(1, 0))).
		then(nil, counters("zibrato_exporter_windows_total", counted(2, 0)), counters("a_total", counted(2, 0)), counters("b_total", counted(2, 0)))
	rec, b := start(t, from, func(c *Config) { c.Select = func(name string) bool { return name != "b_total" } })
	gather(t, b)
	for _, s := range rec.Series() {
		if !strings.HasPrefix(s.Name, "zibrato.") && !strings.HasPrefix(s.Name, "prometheus.") && s.Name != "a" {
			t.Errorf("%s is recorded", s.Name)
		}
	}
	if rec.Sum("a") != 1 {
		t.Errorf("a is %v", rec.Sum("a"))
	}
}

func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	reg := prometheus.NewRegistry()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total"}, []string{"n"})
	reg.MustRegister(vec)
	rec, b := start(t, reg, func(c *Config) { c.MaxSeries = 10 })
	for i := range 15 {
		vec.WithLabelValues(fmt.Sprint(i)).Inc()
	}
	gather(t, b)
	if n := rec.Sum("c"); n != 10 {
		t.Errorf("%v series are recorded, want 10", n)
	}
	if n := rec.Sum("prometheus.bridge.misuse", zibratotest.Tag("reason", "full")); n != 5 {
		t.Errorf("%v found no room, want 5", n)
	}
	vec.Reset() // those that are gone make room for others, after they were missing in two gatherings
	gather(t, b)
	gather(t, b)
	for i := range 10 {
		vec.WithLabelValues(fmt.Sprint("new", i)).Inc()
	}
	gather(t, b)
	if n := rec.Sum("c"); n != 20 {
		t.Errorf("%v in all, want 20", n)
	}
}

func TestNamesUnitsAndTags(t *testing.T) {
	unit := "seconds"
	v, name, value, empty := 2.0, "k", "v", ""
	label := func(m *dto.Metric) *dto.Metric {
		m.Label = []*dto.LabelPair{{Name: &name, Value: &value}, {Name: &unit, Value: &empty}}
		return m
	}
	help := "Some help."
	told := familyOf("age", dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: &v}})
	told.Unit, told.Help = &unit, &help
	from := new(steps).then(nil,
		counters("jobs", counted(1, 0)), counters("jobs_total", label(counted(1, 0))), counters("wait_seconds_total", counted(1, 0)), counters("wait_total", counted(1, 0)), counters("_total", counted(1, 0)),
		told, familyOf("x_ratio", dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: &v}}), familyOf("y", dto.MetricType_UNTYPED, &dto.Metric{Untyped: &dto.Untyped{Value: &v}}),
		familyOf("z", dto.MetricType_GAUGE_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{}}),
	)
	rec, b := start(t, from)
	(*from)[0].families[0].Metric[0], (*from)[0].families[1].Metric[0] = counted(3, 0), label(counted(4, 0))
	(*from)[0].families[2].Metric[0], (*from)[0].families[3].Metric[0], (*from)[0].families[4].Metric[0] = counted(5, 0), counted(6, 0), counted(7, 0)
	gather(t, b)
	got := map[string]string{}
	for _, s := range rec.Series() {
		if !strings.HasPrefix(s.Name, "zibrato.") && !strings.HasPrefix(s.Name, "prometheus.") {
			got[s.Name] = fmt.Sprint(s.Kind, " ", s.Unit, s.Tags, s.Help, " ", rec.Sum(s.Name))
		}
	}
	for name, want := range map[string]string{
		"jobs": "counter [] 2", "jobs_total": "counter [{k v}] 3", "wait": "counter ns[] 4e+09", "wait_total": "counter [] 5", "_total": "counter [] 6",
		"age": "gauge s[]Some help. 0", "x_ratio": "gauge 1[] 0", "y": "gauge [] 0",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("also %v", got)
	}
	if n := rec.Sum("prometheus.bridge.misuse", zibratotest.Tag("reason", "type")); n != 1 {
		t.Errorf("%v families of other types, want 1", n)
	}
}

func TestWrongConfigsAreRefused(t *testing.T) {
	for field, c := range map[string]Config{
		"Every": {Every: time.Millisecond}, "Timeout": {Timeout: -1}, "MaxSeries": {MaxSeries: -1},
	} {
		if _, err := Start(c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
