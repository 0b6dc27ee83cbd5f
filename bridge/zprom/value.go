package zprom

import (
	"math"
	"strconv"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato"
)

func finite(v float64) bool { return v-v == 0 }

// gauge records gauges and what has no type.
type gauge struct{ to *zibrato.Gauge }

func (g *gauge) take(m *dto.Metric, _ origin) {
	v := m.GetGauge().GetValue() + m.GetUntyped().GetValue() // one of which is there
	if finite(v) {
		g.to.Set(v)
	}
}

// counter records by how much a counter grew. What it has of a fraction is kept: the total is off by less than 1, however often it was gathered.
type counter struct {
	to    *zibrato.Counter
	scale float64 // units of ours that are one of theirs
	base  float64 // what does not count
	last  float64
	given float64 // of ours, since base
}

func (c *counter) take(m *dto.Metric, from origin) {
	v := m.GetCounter().GetValue()
	if !finite(v) || v < 0 {
		return
	}
	switch {
	case from == baseline:
		c.base, c.given = v, 0
	case from == born || v < c.last: // it began anew; the fraction stays
		c.base, c.given = -((c.last-c.base)*c.scale-c.given)/c.scale, 0
	}
	c.last = v
	if n := math.Floor((v-c.base)*c.scale - c.given); n > 0 {
		c.to.Add(int64(min(n, 1<<62)))
		c.given += n
	}
}

// quantile is one of a summary's.
type quantile struct {
	of float64
	to *zibrato.Gauge
}

// summary records count and sum, and quantiles as gauges.
type summary struct {
	merged
	quantile  func(q string) *zibrato.Gauge
	quantiles []quantile
}

func (s *summary) take(m *dto.Metric, from origin) {
	now := m.GetSummary()
	if from == goesOn && now.GetSampleCount() < s.count {
		from = born
	}
	s.grow(now.GetSampleCount(), now.GetSampleSum(), from, nil)
	for i, q := range now.Quantile {
		if i >= len(s.quantiles) || s.quantiles[i].of != q.GetQuantile() {
			s.quantiles = append(s.quantiles[:i], quantile{q.GetQuantile(), s.quantile(strconv.FormatFloat(q.GetQuantile(), 'g', -1, 64))})
		}
		if finite(q.GetValue()) {
			s.quantiles[i].to.Set(q.GetValue())
		}
	}
}
