package otlp_test

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/otlp"
)

const secret = "s3cr3t+t0k3n/75fd2"

func TestSinkKeepsTheContractWithCumulativePoints(t *testing.T) { keepsTheContract(t, otlp.Cumulative) }

func TestSinkKeepsTheContractWithDeltaPoints(t *testing.T) { keepsTheContract(t, otlp.Delta) }

func keepsTheContract(t *testing.T, temporality otlp.Temporality) {
	backendtest.Run(t, backendtest.Harness{
		NewTarget: func() (backendtest.Target, error) {
			return &target{receiver: newReceiver(t), temporality: temporality}, nil
		},
		Express: func(p backendtest.Point) (backendtest.Point, bool) { return express(p, temporality) },
		Secrets: []string{secret},
	})
}

// target is the receiver, and what arrived there as the suite wants to see it.
type target struct {
	*receiver
	temporality otlp.Temporality
	resume      chan struct{} // closed when the receiver goes on
}

func (t *target) NewSink() (backend.Sink, error) {
	return otlp.New(otlp.Config{
		URL: t.url(), Headers: map[string]string{"Authorization": "Bearer " + secret}, Gzip: true, Temporality: t.temporality, MaxRequest: 512 << 10,
		Repeat: -1, // what is sent again would look like another window's
	}), nil
}

func (t *target) Behave(b backendtest.Behaviour) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.resume != nil {
		close(t.resume)
		t.resume = nil
	}
	t.always, t.unwanted = nil, ""
	switch b {
	case backendtest.Hang:
		resume := make(chan struct{})
		t.resume = resume
		t.always = func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-resume:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	case backendtest.Fail:
		t.always = says(http.StatusServiceUnavailable, "not with "+secret)
	case backendtest.Reject:
		t.unwanted = backendtest.Unwanted
	}
	return nil
}

func (t *target) Close() error {
	t.server.Close()
	return nil
}

// Arrived makes what happened in each window of what the points say: the difference to the point before, where they are cumulative. The same point twice
// is one to a receiver, as long as it says the same.
func (t *target) Arrived() ([]backendtest.Point, error) {
	type identity struct {
		time   uint64
		series string
	}
	before, seen := map[string]point{}, map[identity]point{}
	var points []backendtest.Point
	for _, p := range t.all() {
		at := identity{p.time, p.key}
		if was, again := seen[at]; again {
			if p.number.String() != was.number.String() || p.histogram.String() != was.histogram.String() {
				return nil, fmt.Errorf("%s came twice, with different values", p.key)
			}
			continue
		}
		last, known := before[p.key]
		if known && last.time > p.time {
			return nil, fmt.Errorf("%s goes back in time", p.key)
		}
		if p.temporality != metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE || !known {
			last = point{}
		} else if last.start != p.start {
			return nil, fmt.Errorf("%s: the start changed", p.key)
		}
		before[p.key], seen[at] = p, p
		points = append(points, window(p, last))
	}
	slices.SortStableFunc(points, func(a, b backendtest.Point) int { return a.Time.Compare(b.Time) })
	return points, nil
}

// interval is the suite's.
const interval = 10 * time.Second

// window is what happened between two points.
func window(p, last point) backendtest.Point {
	w := backendtest.Point{
		Time: time.Unix(0, int64(p.time)).Add(-interval).UTC(), Name: p.name, Unit: p.unit, Help: p.help, Source: p.resource["service.name"],
		Level: metric.Level(p.attributes["level"]), Quantiles: map[float64]float64{},
	}
	for _, k := range slices.Sorted(maps.Keys(p.attributes)) {
		if k != "level" {
			w.Tags = append(w.Tags, metric.Tag{Key: k, Value: p.attributes[k]})
		}
	}
	switch {
	case p.gauge:
		w.Kind, w.Last = metric.Gauge, &p.number.Value.(*metrics.NumberDataPoint_AsDouble).AsDouble
	case p.number != nil && p.monotonic:
		sum := float64(p.number.GetAsInt() - last.number.GetAsInt())
		w.Kind, w.Sum = metric.Counter, &sum
	case p.number != nil:
		value := float64(p.number.GetAsInt())
		w.Kind, w.Last = metric.UpDown, &value
	default:
		h, was := p.histogram, last.histogram
		count, sum := float64(h.Count-was.GetCount()), h.GetSum()-was.GetSum()
		w.Kind, w.Count, w.Sum = metric.Distribution, &count, &sum
		if p.unit == "s" {
			w.Kind = metric.Timer
		}
		if was == nil {
			w.Min, w.Max = h.Min, h.Max
		}
		samples := expand(h, was)
		for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
			w.Quantiles[q] = samples[max(int(math.Ceil(q*float64(len(samples)))), 1)-1]
			if h.Min != nil && was == nil { // a middle of a bucket may lie beyond them
				w.Quantiles[q] = min(max(w.Quantiles[q], *h.Min), *h.Max)
			}
		}
	}
	return w
}

// expand returns the middles of the buckets that a histogram's new values are in, sorted.
func expand(h, was *metrics.ExponentialHistogramDataPoint) (samples []float64) {
	base := math.Exp2(math.Exp2(-float64(h.Scale)))
	count := func(b *metrics.ExponentialHistogramDataPoint_Buckets, i int32) uint64 {
		if at := int(i - b.GetOffset()); at >= 0 && at < len(b.GetBucketCounts()) {
			return b.BucketCounts[at]
		}
		return 0
	}
	add := func(b, old *metrics.ExponentialHistogramDataPoint_Buckets, sign float64) {
		for at, n := range b.GetBucketCounts() {
			i := b.Offset + int32(at)
			for range n - count(old, i) {
				samples = append(samples, sign*math.Pow(base, float64(i)+0.5))
			}
		}
	}
	add(h.Negative, was.GetNegative(), -1)
	for range h.ZeroCount - was.GetZeroCount() {
		samples = append(samples, 0)
	}
	add(h.Positive, was.GetPositive(), 1)
	slices.Sort(samples)
	return samples
}

// lost are the series of which some detail was lost, and what the values count as then: the mean of what was lost, beside what was not.
var lost = map[string][]float64{
	"kind.timer.partly": {0.04, 0.1, 0.25, 1.5}, "lost.timer": {0.006, 0.006}, "lost.distribution": {3.75, 3.75},
}

// express is what the package comment says about what is sent and how.
func express(p backendtest.Point, temporality otlp.Temporality) (backendtest.Point, bool) {
	p.Time = p.Time.Truncate(interval)
	p.StdDev = nil
	switch p.Kind {
	case metric.Counter:
		p.Count = nil
	case metric.Gauge, metric.UpDown:
		if p.Last == nil {
			return p, false // nothing but the number of calls is known
		}
		p.Count, p.Sum, p.Min, p.Max, p.Quantiles = nil, nil, nil, nil, nil
	default:
		p.Last = nil
		if values := lost[p.Name]; values != nil {
			p.Quantiles = map[float64]float64{}
			for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
				p.Quantiles[q] = values[int(math.Ceil(q*float64(len(values))))-1]
			}
		}
		if temporality == otlp.Cumulative && p.Time.Second() != 50 { // all but the first window
			p.Min, p.Max = nil, nil // they are since the start, and cannot be subtracted
		}
		if math.IsInf(*p.Sum, 0) {
			*p.Sum = math.Copysign(math.MaxFloat64, *p.Sum)
		}
	}
	return p, true
}
