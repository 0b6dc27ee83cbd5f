package prometheus_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSinkKeepsTheContract(t *testing.T) {
	for name, read := range readers {
		t.Run(name, func(t *testing.T) {
			native := name == "protobuf"
			backendtest.Run(t, backendtest.Harness{
				NewTarget: func() (backendtest.Target, error) { return &target{reader: read, native: native}, nil },
				Express:   func(p backendtest.Point) (backendtest.Point, bool) { return express(p, native) },
			})
		})
	}
}

// target is who scrapes after each window, and tells windows from what grew in between. It can only serve.
type target struct {
	reader
	native bool
	pages  [][]byte // not read yet
	last   map[string]*shown
	points []backendtest.Point
}

type scraped struct {
	*prometheus.Sink
	t *target
}

func (t *target) NewSink() (backend.Sink, error) {
	s, err := prometheus.New(prometheus.Config{})
	if err != nil {
		return nil, err
	}
	t.last, err = t.read(s)
	return scraped{s, t}, err
}

func (s scraped) Write(ctx context.Context, w *metric.Window) error {
	err := s.Sink.Write(ctx, w)
	s.t.pages = append(s.t.pages, get(s.Sink, s.t.accept))
	return err
}

func (t *target) Arrived() ([]backendtest.Point, error) {
	for _, body := range t.pages {
		now, err := t.parse(body)
		if err != nil {
			return nil, err
		}
		t.compare(now)
	}
	t.pages = nil
	return t.points, nil
}

func (t *target) Behave(b backendtest.Behaviour) error {
	if b != backendtest.Serve {
		return errors.ErrUnsupported
	}
	return nil
}

func (t *target) Close() error { return nil }

const startGauge = "zibrato_exporter_window_start_timestamp_seconds{}"

// compare makes points of what is shown now, if there is a new window.
func (t *target) compare(now map[string]*shown) {
	start, _ := now[startGauge].value.Float64()
	if now[startGauge].value.Cmp(t.last[startGauge].value) == 0 {
		return
	}
	for id, v := range now {
		if strings.HasPrefix(id, "zibrato_exporter_") {
			continue
		}
		was := t.last[id]
		if was == nil {
			was = &shown{value: new(big.Rat)}
		}
		p := backendtest.Point{Time: time.UnixMilli(int64(math.Round(start * 1000))).UTC(), Name: v.name}
		for k, l := range v.labels {
			switch k {
			case "source":
				p.Source = l
			case "level":
				p.Level = metric.Level(l)
			default:
				p.Tags = append(p.Tags, metric.Tag{Key: k, Value: l})
			}
		}
		p.Tags = metric.SortTags(p.Tags)
		grew, _ := new(big.Rat).Sub(v.value, was.value).Float64()
		switch {
		case v.kind == "gauge":
			last, _ := v.value.Float64()
			p.Last = &last
		case v.kind == "counter":
			p.Sum = &grew
		default:
			count := float64(v.count - was.count)
			if strings.HasSuffix(v.name, "_seconds") && math.Abs(grew) < 1e6 {
				grew = math.Round(grew*1e9) / 1e9 // sums of timers are whole nanoseconds; protobuf has them as float64
			}
			p.Count, p.Sum = &count, &grew
			if t.native && !guessed(v.name) {
				p.Quantiles = quantiles(v.native, was.native)
			}
		}
		t.points = append(t.points, p)
	}
	t.last = now
}

// guessed says of a series that samples were lost, so that buckets hold means.
func guessed(name string) bool {
	return strings.Contains(name, "lost") || strings.Contains(name, "partly")
}

// quantiles are those of the native buckets that were added, by nearest rank.
func quantiles(now, was map[float64]uint64) map[float64]float64 {
	added := map[float64]uint64{}
	total := uint64(0)
	for middle, n := range now {
		added[middle] = n - was[middle]
		total += added[middle]
	}
	qs := map[float64]float64{}
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		qs[q] = quantile(added, total, q)
	}
	return qs
}

// express is what the package comment says, in other words than the code's.
func express(p backendtest.Point, native bool) (backendtest.Point, bool) {
	suffix := ""
	switch p.Kind {
	case metric.Gauge, metric.UpDown:
		if p.Last == nil {
			return p, false // nothing but the number of calls is known
		}
		p.Count, p.Sum, p.Quantiles = nil, nil, nil
	case metric.Counter:
		suffix = "_total"
		p.Count, p.Last, p.Quantiles = nil, nil, nil
	case metric.Timer:
		suffix, p.Last = "_seconds", nil
	case metric.Distribution:
		suffix, p.Last = "_bytes", nil
	}
	p.Min, p.Max, p.StdDev = nil, nil, nil
	if !native || guessed(p.Name) {
		p.Quantiles = nil
	}
	p.Name = plainly(p.Name) + suffix
	p.Kind, p.Unit, p.Help = 0, "", ""
	var tags []metric.Tag
	for _, t := range p.Tags {
		if t.Value != "" {
			tags = append(tags, metric.Tag{Key: plainly(t.Key), Value: t.Value})
		}
	}
	p.Tags = metric.SortTags(tags)
	return p, true
}

var (
	runs     = regexp.MustCompile(`[^A-Za-z0-9]+`)
	telling  = regexp.MustCompile(`[^A-Za-z0-9_.\-/: ]`)
	numberly = regexp.MustCompile(`^[0-9]`)
)

func plainly(s string) string {
	name := strings.Trim(runs.ReplaceAllString(s, "_"), "_")
	switch {
	case name == "":
		return "unnamed_" + fnv32a(s)
	case numberly.MatchString(name):
		name = "_" + name
	}
	if telling.MatchString(s) {
		name += "_" + fnv32a(s)
	}
	return name
}
