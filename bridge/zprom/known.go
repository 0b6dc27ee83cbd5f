package zprom

import (
	"encoding/binary"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// known holds what was gathered before.
type known struct {
	cfg      Config
	tell     *troubler
	families map[string]*family // by name; nil where they are left out
	named    map[nameKey]string // which family has a name
	series   map[string]*tracked
	key      []byte // of the series at hand

	round    uint64    // number of the gathering
	since    time.Time // when the first gathering of these began
	stale    bool      // the next gathering only begins differences anew
	complete bool      // the last gathering had no error, and all found room
}

type nameKey struct {
	kind metric.Kind
	name string
}

// family is what becomes of the metrics of one name and type.
type family struct {
	identity
	typ  dto.MetricType
	help string
	skip bool
}

// tracked is a series that was gathered before.
type tracked struct {
	taker
	created time.Time
	round   uint64 // of the last gathering that had it
}

// taker records what a metric gained.
type taker interface {
	take(m *dto.Metric, from origin)
}

// origin is what a cumulative metric has to be compared with.
type origin int

const (
	goesOn   origin = iota // what it was at the last gathering
	born                   // nothing: it began since then
	baseline               // itself: what is older than this gathering does not count
)

func newKnown(c Config, t *troubler) *known {
	return &known{cfg: c, tell: t, families: map[string]*family{}, named: map[nameKey]string{}, series: map[string]*tracked{}, stale: true}
}

// pause leaves out what happens until the next gathering.
func (k *known) pause() { k.stale = true }

// record records what was gathered.
func (k *known) record(families []*dto.MetricFamily, complete bool) {
	k.round++
	if k.stale {
		k.since = time.Now()
	}
	for _, f := range families {
		of := k.family(f)
		if of.skip {
			continue
		}
		for _, m := range f.GetMetric() {
			complete = k.metric(f, of, m) && complete
		}
	}
	k.stale, k.complete = false, complete
}

// family returns what becomes of a family.
func (k *known) family(f *dto.MetricFamily) *family {
	name := f.GetName()
	if of := k.families[name]; of != nil && of.typ == f.GetType() {
		return of
	}
	of := &family{identity: identityOf(f), typ: f.GetType(), help: f.GetHelp()}
	switch {
	case own(name) || k.cfg.Select != nil && !k.cfg.Select(name):
		of.skip = true
	case !taken(of.typ):
		of.skip = true
		k.tell.met(strange, "family", name, "type", of.typ.String())
	}
	if by, ok := k.named[nameKey{of.kind, of.name}]; ok && by != name {
		of.name = name
	}
	if len(k.families) < k.cfg.MaxSeries { // or names made at run time would grow this without end
		k.families[name] = of
		k.named[nameKey{of.kind, of.name}] = name
	}
	return of
}

// taken reports whether something is made of that type.
func taken(t dto.MetricType) bool { return t != dto.MetricType_GAUGE_HISTOGRAM }

// metric records one metric of a family. It returns false if there is no room for it.
func (k *known) metric(f *dto.MetricFamily, of *family, m *dto.Metric) bool {
	if lacks(m, of.typ) {
		k.tell.met(strange, "family", f.GetName(), "type", of.typ.String())
		return true
	}
	k.key = append(k.key[:0], byte(of.typ))
	k.key = appendText(k.key, f.GetName())
	for _, l := range m.Label {
		k.key = appendText(appendText(k.key, l.GetName()), l.GetValue())
	}
	created := createdOf(m)
	s, from := k.series[string(k.key)], goesOn
	switch {
	case s == nil:
		if !k.room() {
			k.tell.met(full, "family", f.GetName(), "series", len(k.series))
			return false
		}
		s = &tracked{taker: k.make(of, m)}
		k.series[string(k.key)] = s
		if from = born; k.stale || !created.IsZero() && created.Before(k.since) || created.IsZero() && !k.complete {
			from = baseline
		}
	case s.round == k.round: // or it would fall and grow in each gathering
		k.tell.met(double, "family", f.GetName())
		return true
	case k.stale:
		from = baseline
	case !s.created.IsZero() && created.After(s.created):
		from = born
	}
	s.created, s.round = created, k.round
	s.take(m, from)
	return true
}

// appendText appends a text so that what is appended to it cannot be taken for part of it.
func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// lacks reports whether a metric lacks what its type says.
func lacks(m *dto.Metric, t dto.MetricType) bool {
	switch t {
	case dto.MetricType_COUNTER:
		return m.GetCounter() == nil
	case dto.MetricType_GAUGE:
		return m.GetGauge() == nil
	case dto.MetricType_SUMMARY:
		return m.GetSummary() == nil
	case dto.MetricType_HISTOGRAM:
		return m.GetHistogram() == nil
	}
	return m.GetUntyped() == nil
}

// room reports whether one more series may be known, and makes room at the cost of those that are gone.
func (k *known) room() bool {
	if len(k.series) < k.cfg.MaxSeries {
		return true
	}
	for key, s := range k.series {
		if s.round+1 < k.round { // neither in this gathering nor in the one before
			delete(k.series, key)
		}
	}
	return len(k.series) < k.cfg.MaxSeries
}

func createdOf(m *dto.Metric) time.Time {
	for _, t := range []interface {
		IsValid() bool
		AsTime() time.Time
	}{m.GetCounter().GetCreatedTimestamp(), m.GetHistogram().GetCreatedTimestamp(), m.GetSummary().GetCreatedTimestamp()} {
		if t.IsValid() {
			return t.AsTime()
		}
	}
	return time.Time{}
}

// make makes what records a metric.
func (k *known) make(of *family, m *dto.Metric) taker {
	opts := make([]zibrato.Option, 0, len(m.Label)+3)
	opts = append(opts, zibrato.WithHelp(of.help), zibrato.WithUnit(of.unit))
	for _, l := range m.Label {
		if l.GetValue() != "" { // which is the same to Prometheus as no label
			opts = append(opts, zibrato.Tag(l.GetName(), l.GetValue()))
		}
	}
	z := k.cfg.Scope
	switch of.typ {
	case dto.MetricType_COUNTER:
		return &counter{to: z.NewCounter(of.name, opts...), scale: of.scale}
	case dto.MetricType_SUMMARY:
		return &summary{merged: newMerged(z, of, opts), quantile: func(q string) *zibrato.Gauge {
			return z.NewGauge(of.name+"_quantile", append(opts, zibrato.Tag("quantile", q))...)
		}}
	case dto.MetricType_HISTOGRAM:
		return &histogram{merged: newMerged(z, of, opts)}
	default:
		return &gauge{z.NewGauge(of.name, opts...)}
	}
}
