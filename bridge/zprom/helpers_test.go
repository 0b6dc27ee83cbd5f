package zprom

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zibrato/zibrato/zibratotest"
)

// start begins to record on a recorder of the test's own, and gathers only when told.
func start(t *testing.T, from prometheus.Gatherer, change ...func(*Config)) (*zibratotest.Recorder, *Bridge) {
	t.Helper()
	rec := zibratotest.New(t)
	c := Config{From: from, Scope: rec.With(), Every: time.Hour}
	for _, f := range change {
		f(&c)
	}
	b, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return rec, b
}

func gather(t *testing.T, b *Bridge) {
	t.Helper()
	if err := b.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// steps is a Gatherer that returns one after the other, and then the last one for ever.
type steps []answer

type answer struct {
	families []*dto.MetricFamily
	err      error
}

func (s *steps) Gather() ([]*dto.MetricFamily, error) {
	a := (*s)[0]
	if len(*s) > 1 {
		*s = (*s)[1:]
	}
	return a.families, a.err
}

func (s *steps) then(err error, families ...*dto.MetricFamily) *steps {
	*s = append(*s, answer{families, err})
	return s
}

func familyOf(name string, typ dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Type: &typ, Metric: metrics}
}

// counted is a counter's metric. created is seconds after now; 0: not said.
func counted(v float64, created time.Duration) *dto.Metric {
	m := &dto.Metric{Counter: &dto.Counter{Value: &v}}
	if created != 0 {
		m.Counter.CreatedTimestamp = timestamppb.New(time.Now().Add(created))
	}
	return m
}

func counters(name string, metrics ...*dto.Metric) *dto.MetricFamily {
	return familyOf(name, dto.MetricType_COUNTER, metrics...)
}
