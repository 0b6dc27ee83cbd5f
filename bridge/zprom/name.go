package zprom

import (
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato/metric"
)

// units are the base units of Prometheus' conventions, by the word that ends a name, as UCUM has them.
var units = map[string]string{
	"seconds": "s", "bytes": "By", "ratio": "1", "celsius": "Cel", "kelvin": "K", "meters": "m", "grams": "g", "volts": "V", "amperes": "A", "joules": "J", "watts": "W",
	"hertz": "Hz",
}

// identity is what becomes of a family.
type identity struct {
	kind  metric.Kind
	name  string
	unit  string
	scale float64 // units of ours that are one of theirs
}

// identityOf applies the rules of the package comment.
func identityOf(f *dto.MetricFamily) identity {
	id := identity{kind: metric.Gauge, name: f.GetName(), scale: 1}
	base := id.name
	if f.GetType() == dto.MetricType_COUNTER {
		base = strings.TrimSuffix(base, "_total")
	}
	words := f.GetUnit() // such as cpu_seconds
	if words == "" {
		words = base
	}
	id.unit = units[words[strings.LastIndexByte(words, '_')+1:]]
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		id.kind = metric.Counter
		if id.unit == "s" {
			id.unit, id.scale, base = "ns", 1e9, strings.TrimSuffix(base, "_seconds")
		}
		if base != "" {
			id.name = base
		}
	case dto.MetricType_HISTOGRAM, dto.MetricType_SUMMARY:
		id.kind = metric.Distribution
		if id.unit == "s" && !hasNegative(f) {
			id.kind = metric.Timer
		}
	}
	return id
}

// hasNegative reports whether a histogram counts negative values, or could, by its bounds.
func hasNegative(f *dto.MetricFamily) bool {
	for _, m := range f.GetMetric() {
		h := m.GetHistogram()
		if len(h.GetNegativeSpan()) > 0 || len(h.GetBucket()) > 0 && h.GetBucket()[0].GetUpperBound() < 0 || h.GetSampleSum() < 0 || m.GetSummary().GetSampleSum() < 0 {
			return true
		}
	}
	return false
}

// own reports whether a family is Zibrato's own, as its endpoint for Prometheus shows it. It is recorded already.
func own(name string) bool { return strings.HasPrefix(name, "zibrato_") }
