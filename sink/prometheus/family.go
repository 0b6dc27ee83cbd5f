package prometheus

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/zibrato/zibrato/metric"
)

// family is all series of one kind, name and unit: a metric, to Prometheus. Guarded by the sink's mutex, as all in it.
type family struct {
	names
	id       familyID
	help     string
	told     bool // help is a program's own
	bounds   []bound
	edges    []float64 // the same, as numbers, without +Inf
	series   []*series // in the order of labels
	unsorted bool
	taken    map[string]bool // labels
}

// familyID says which series are a family.
type familyID struct {
	kind metric.Kind
	name string
	unit string // as Prometheus has it
}

// bound is an upper bound of a bucket, as the forms write it.
type bound struct{ text, open string }

// series is what is shown of a series, and what that is made of.
type series struct {
	key     string // of the sink's index
	family  *family
	labels  string // as text forms write them, without braces
	pairs   []byte // as protobuf writes them
	created int64  // ns since 1970
	touched time.Time
	origin  *origin // nil: of the sink itself, and never stale
	factor  float64 // of its unit to the base unit

	value float64    // of a gauge; the sum of a distribution, in the unit of the series
	whole int64      // of a counter; the sum of a timer, in ns
	hist  *histogram // of a timer or a distribution
}

// origin is where series come from together.
type origin struct {
	key    string // of the sink's origins
	heard  time.Time
	series int
}

// originOf is the key of an origin.
func originOf(s *metric.Series) string {
	return strings.Join([]string{s.Source, s.Tag("host"), s.Tag("process")}, "\x00")
}

func newFamily(id familyID, n names, bounds map[string][]float64) *family {
	f := &family{names: n, id: id, help: "The " + id.kind.String() + " " + id.name + ".", taken: map[string]bool{}}
	if !f.histograms() {
		return f
	}
	edges, ok := bounds[id.unit]
	if !ok {
		edges = bounds[""]
	}
	f.edges = edges
	for _, e := range append(slices.Clone(edges), math.Inf(1)) {
		text := strconv.FormatFloat(e, 'g', -1, 64)
		open := text
		if !strings.ContainsAny(text, ".eI") {
			open += ".0"
		}
		f.bounds = append(f.bounds, bound{`le="` + text + `"`, `le="` + open + `"`})
	}
	return f
}

// histograms reports whether the series are histograms.
func (f *family) histograms() bool {
	return f.id.kind == metric.Timer || f.id.kind == metric.Distribution
}

// unit returns the unit that the name ends with, as OpenMetrics demands of units that are told.
func (f *family) unit() string {
	if f.id.unit != "" && strings.HasSuffix(f.names.open, "_"+f.id.unit) {
		return f.id.unit
	}
	return ""
}

// describe takes the help of the first series that has any.
func (f *family) describe(s *metric.Series) {
	if !f.told && s.Help != "" {
		f.help, f.told = s.Help, true
	}
}

// add makes a series of the family.
func (f *family) add(key string, factor float64, labels []label, created int64) *series {
	text := textLabels(labels)
	plain := labels[:len(labels):len(labels)]
	for id := hash(key); f.taken[text]; id = hash(id) {
		labels = append(plain, label{seriesID, id})
		text = textLabels(labels)
	}
	f.taken[text] = true
	n := &series{key: key, family: f, factor: factor, labels: text, created: created}
	for _, l := range labels {
		pair := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), l.name)
		pair = protowire.AppendString(protowire.AppendTag(pair, 2, protowire.BytesType), l.value)
		n.pairs = protowire.AppendBytes(protowire.AppendTag(n.pairs, 1, protowire.BytesType), pair)
	}
	if f.histograms() {
		n.hist = &histogram{}
	}
	f.series, f.unsorted = append(f.series, n), true
	return n
}

var escapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func textLabels(labels []label) string {
	var b strings.Builder
	for i, l := range labels {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(l.name)
		b.WriteString(`="`)
		b.WriteString(escapes.Replace(l.value))
		b.WriteByte('"')
	}
	return b.String()
}

// fold adds what a window says.
func (s *series) fold(a *metric.Aggregate) {
	switch s.family.id.kind {
	case metric.Counter:
		s.grow(a.IntSum)
	case metric.Gauge, metric.UpDown:
		s.value = a.Detail.Last
	case metric.Timer:
		s.grow(a.IntSum)
		s.hist.add(a, s.factor, s.family.edges)
	case metric.Distribution:
		if !math.IsNaN(a.Sum) {
			s.value = bounded(s.value + a.Sum)
		}
		s.hist.add(a, s.factor, s.family.edges)
	}
}

// grow adds to what only grows, up to the limit.
func (s *series) grow(by int64) {
	if by = max(by, 0); s.whole > math.MaxInt64-by {
		s.whole = math.MaxInt64
		return
	}
	s.whole += by
}

// number returns the value of a counter or a gauge, or the sum of a histogram, in base units.
func (s *series) number() float64 {
	switch s.family.id.kind {
	case metric.Counter:
		return scaled(float64(s.whole), s.factor)
	case metric.Timer:
		return float64(s.whole) / 1e9
	}
	return scaled(s.value, s.factor)
}

// scaled divides where that is exact and multiplying with the inverse is not: 1500 ms are 1.5 s.
func scaled(v, factor float64) float64 {
	if factor < 1 {
		return v / math.Round(1/factor)
	}
	return bounded(v * factor)
}
