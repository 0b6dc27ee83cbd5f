package otlp

import (
	"math"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	pb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/zibrato/zibrato/internal/post"
	"github.com/zibrato/zibrato/metric"
)

// scope says who made the metrics.
var scope = &common.InstrumentationScope{Name: "github.com/zibrato/zibrato", Version: post.Version("github.com/zibrato/zibrato")}

// request is one under construction.
type request struct {
	state     *state
	at        uint64 // the points' time, Unix nanoseconds
	message   collector.ExportMetricsServiceRequest
	size      int // about that of the message
	resources map[*resource]*metrics.ScopeMetrics
	metrics   map[family]*metrics.Metric
}

// family is what the points of one metric have in common.
type family struct {
	resource         *resource
	kind             metric.Kind
	name, unit, help string
}

func (st *state) newRequest(at int64) *request {
	return &request{
		state: st, at: uint64(at),
		resources: make(map[*resource]*metrics.ScopeMetrics), metrics: make(map[family]*metrics.Metric),
	}
}

// fill adds series until the request has its size, one at least, and returns how many.
func (r *request) fill(from []*series, size int) int {
	for i, s := range from {
		if i > 0 && r.size >= size {
			return i
		}
		r.add(s)
	}
	return len(from)
}

// around is what a message within another costs beside its content, at most as a rule.
const around = 8

func (r *request) add(s *series) {
	m := r.metricOf(s)
	switch data := m.Data.(type) {
	case *metrics.Metric_Gauge:
		p := &metrics.NumberDataPoint{Attributes: s.attributes, TimeUnixNano: r.at, Value: &metrics.NumberDataPoint_AsDouble{AsDouble: s.value}}
		data.Gauge.DataPoints = append(data.Gauge.DataPoints, p)
		r.size += proto.Size(p) + around
	case *metrics.Metric_Sum:
		v := s.whole
		start := s.start
		if s.kind == metric.UpDown {
			v, start = whole(s.value), r.state.start
		}
		p := &metrics.NumberDataPoint{
			Attributes: s.attributes, StartTimeUnixNano: uint64(start), TimeUnixNano: r.at, Value: &metrics.NumberDataPoint_AsInt{AsInt: v},
		}
		data.Sum.DataPoints = append(data.Sum.DataPoints, p)
		r.size += proto.Size(p) + around
	case *metrics.Metric_ExponentialHistogram:
		p := r.histogram(s)
		data.ExponentialHistogram.DataPoints = append(data.ExponentialHistogram.DataPoints, p)
		r.size += proto.Size(p) + around
	}
}

// histogram makes the point of a timer or a distribution. It shares the series' memory, and so is of use until the series changes.
func (r *request) histogram(s *series) *metrics.ExponentialHistogramDataPoint {
	sum := s.sum
	if s.kind == metric.Timer {
		sum = s.kind.InUnits(metric.IntValue(s.whole))
	}
	p := &metrics.ExponentialHistogramDataPoint{
		Attributes: s.attributes, StartTimeUnixNano: uint64(s.start), TimeUnixNano: r.at,
		Count: s.hist.Count(), Sum: &sum, Scale: int32(s.hist.Scale()), ZeroCount: s.hist.Zero,
		Positive: buckets(&s.hist.Positive), Negative: buckets(&s.hist.Negative),
	}
	if s.detailed {
		p.Min, p.Max = &s.min, &s.max
	}
	return p
}

func buckets(b *metric.Buckets) *metrics.ExponentialHistogramDataPoint_Buckets {
	if len(b.Counts) == 0 {
		return nil
	}
	return &metrics.ExponentialHistogramDataPoint_Buckets{Offset: b.Offset, BucketCounts: b.Counts}
}

// whole is an up-down counter's value, which is whole as long as a float64 tells such numbers apart.
func whole(v float64) int64 {
	switch {
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(math.Round(v))
}

// metricOf returns the metric that a series' points belong to.
func (r *request) metricOf(s *series) *metrics.Metric {
	of := family{s.resource, s.kind, s.name, s.unit, s.help}
	m := r.metrics[of]
	if m != nil {
		return m
	}
	temporality := metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	if r.state.delta && s.kind != metric.UpDown {
		temporality = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	}
	m = &metrics.Metric{Name: s.name, Unit: s.unit, Description: s.help}
	switch s.kind {
	case metric.Gauge:
		m.Data = &metrics.Metric_Gauge{Gauge: &metrics.Gauge{}}
	case metric.Counter, metric.UpDown:
		m.Data = &metrics.Metric_Sum{Sum: &metrics.Sum{AggregationTemporality: temporality, IsMonotonic: s.kind == metric.Counter}}
	default:
		m.Data = &metrics.Metric_ExponentialHistogram{ExponentialHistogram: &metrics.ExponentialHistogram{AggregationTemporality: temporality}}
	}
	r.metrics[of] = m
	in := r.scopeOf(s.resource)
	in.Metrics = append(in.Metrics, m)
	r.size += proto.Size(m) + 2*around
	return m
}

// scopeOf returns what holds the metrics of a resource.
func (r *request) scopeOf(of *resource) *metrics.ScopeMetrics {
	in := r.resources[of]
	if in == nil {
		in = &metrics.ScopeMetrics{Scope: scope}
		all := &metrics.ResourceMetrics{Resource: &pb.Resource{Attributes: of.attributes}, ScopeMetrics: []*metrics.ScopeMetrics{in}}
		r.resources[of] = in
		r.message.ResourceMetrics = append(r.message.ResourceMetrics, all)
		r.size += proto.Size(all) + around
	}
	return in
}

func (r *request) marshal() ([]byte, error) { return proto.Marshal(&r.message) }
