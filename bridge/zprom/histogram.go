package zprom

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/metric"
)

// histogram records what a classic or a native histogram grew by.
type histogram struct {
	merged
	classic classic
	native  native
}

func (h *histogram) take(m *dto.Metric, from origin) {
	now := m.GetHistogram()
	count := whole(now.GetSampleCount(), now.GetSampleCountFloat())
	if from == goesOn && count < h.count {
		from = born
	}
	var grown metric.Histogram
	if now.Schema != nil && isNative(now) {
		grown = h.native.take(now, from)
	} else {
		grown = h.classic.take(now, from)
	}
	h.grow(count, now.GetSampleSum(), from, &grown)
}

// isNative reports whether a histogram has native buckets. One that has not counted anything yet has a threshold or an empty span.
func isNative(h *dto.Histogram) bool {
	return h.GetZeroThreshold() > 0 || h.GetZeroCount() > 0 || h.GetZeroCountFloat() > 0 || len(h.PositiveSpan) > 0 || len(h.NegativeSpan) > 0
}

// whole returns a count, which may come as a fraction instead. What no count can be is none.
func whole(n uint64, instead float64) uint64 {
	if instead > 0 && instead < 1<<63 {
		return uint64(instead)
	}
	return n
}
