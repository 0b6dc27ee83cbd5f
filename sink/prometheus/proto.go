package prometheus

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zibrato/zibrato/metric"
)

// The numbers of fields in io.prometheus.client's metrics.proto,
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto.
const (
	familyName, familyHelp, familyType, familyMetric, familyUnit = 1, 2, 3, 4, 5
	metricGauge, metricCounter, metricHistogram                  = 2, 3, 7
	numberValue, counterCreated                                  = 1, 3
	sampleCount, sampleSum, fixedBucket, schema                  = 1, 2, 3, 5
	zeroThreshold, zeroCount                                     = 6, 7
	negativeSpan, negativeDelta                                  = 9, 10
	positiveSpan, positiveDelta                                  = 12, 13
	histogramCreated                                             = 15
	bucketCount, bucketBound                                     = 1, 2
	spanOffset, spanLength                                       = 1, 2
)

// Its numbers of types.
var protoTypes = map[string]uint64{"counter": 0, "gauge": 1, "histogram": 4}

// proto writes families as delimited messages. Each level of nesting has memory of its own, since a message begins with its length.
type proto struct {
	family, metric, value, part []byte
	spans                       []span
	deltas                      []int64
}

func (p *proto) begin(f *family) {
	p.family = appendText(p.family[:0], familyName, f.full)
	p.family = appendText(p.family, familyHelp, f.help)
	p.family = appendVarint(p.family, familyType, protoTypes[typeOf(f.id.kind)])
	if unit := f.unit(); unit != "" {
		p.family = appendText(p.family, familyUnit, unit)
	}
}

// end appends the family as a whole.
func (p *proto) end(b []byte) []byte { return protowire.AppendBytes(b, p.family) }

func (p *proto) series(s *series) {
	p.metric = append(p.metric[:0], s.pairs...)
	field := protowire.Number(metricGauge)
	switch {
	case s.hist != nil:
		field = metricHistogram
		p.histogram(s)
	case s.family.id.kind == metric.Counter:
		field = metricCounter
		p.value = appendFloat(p.value[:0], numberValue, s.number())
		p.created(counterCreated, s.created)
	default:
		p.value = appendFloat(p.value[:0], numberValue, s.number())
	}
	p.metric = appendMessage(p.metric, field, p.value)
	p.family = appendMessage(p.family, familyMetric, p.metric)
}

func (p *proto) histogram(s *series) {
	h := s.hist
	p.value = appendVarint(p.value[:0], sampleCount, h.count)
	p.value = appendFloat(p.value, sampleSum, s.number())
	count := uint64(0)
	for i, edge := range s.family.edges { // +Inf goes without saying
		count += h.fixed[i]
		p.part = appendVarint(p.part[:0], bucketCount, count)
		p.part = appendFloat(p.part, bucketBound, edge)
		p.value = appendMessage(p.value, fixedBucket, p.part)
	}
	p.created(histogramCreated, s.created)
	p.value = appendVarint(p.value, schema, protowire.EncodeZigZag(int64(h.native.Scale())))
	p.value = appendFloat(p.value, zeroThreshold, 0)
	p.value = appendVarint(p.value, zeroCount, h.native.Zero)
	p.buckets(negativeSpan, negativeDelta, &h.native.Negative)
	p.buckets(positiveSpan, positiveDelta, &h.native.Positive)
	if h.count == h.native.Zero {
		p.value = appendMessage(p.value, positiveSpan, nil) // an empty span says that this is a native histogram nevertheless
	}
}

func (p *proto) buckets(spanField, deltaField protowire.Number, b *metric.Buckets) {
	p.spans, p.deltas = spans(p.spans[:0], p.deltas[:0], b)
	for _, s := range p.spans {
		p.part = appendVarint(p.part[:0], spanOffset, protowire.EncodeZigZag(int64(s.offset)))
		p.part = appendVarint(p.part, spanLength, uint64(s.length))
		p.value = appendMessage(p.value, spanField, p.part)
	}
	if len(p.deltas) == 0 {
		return
	}
	p.part = p.part[:0]
	for _, d := range p.deltas {
		p.part = protowire.AppendVarint(p.part, protowire.EncodeZigZag(d))
	}
	p.value = appendMessage(p.value, deltaField, p.part) // packed, which every reader of repeated numbers takes
}

// created appends a google.protobuf.Timestamp.
func (p *proto) created(field protowire.Number, ns int64) {
	const seconds, nanos = 1, 2
	p.part = appendVarint(p.part[:0], seconds, uint64(ns/1e9))
	p.part = appendVarint(p.part, nanos, uint64(ns%1e9))
	p.value = appendMessage(p.value, field, p.part)
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendMessage(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func appendFloat(b []byte, field protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(v))
}
