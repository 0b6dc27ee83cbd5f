package zotel

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/atomic"

	"github.com/zibrato/zibrato"
	zmetric "github.com/zibrato/zibrato/metric"
)

// gate says whether an instrument records.
type gate struct {
	scope *zibrato.Scope
	down  *atomic.Bool // the provider's: it was shut down
}

func (g gate) open() bool { return g.scope.Watched() && !g.down.Load() }

// Enabled reports whether anybody watches.
func (g gate) Enabled(context.Context) bool { return g.open() }

// identity is what tells the instruments of a meter apart. Their names do not differ by case alone.
type identity struct {
	kind              string
	name              string // in lower case
	unit, description string
}

// definition is what an instrument makes its series of.
type definition struct {
	gate
	p    *Provider
	name string
	unit unit
	opts []zibrato.Option // of all its series
}

// registry holds the instruments of a meter, or of all.
type registry struct {
	instruments map[identity]any
	first       map[string]*first // by name in lower case
}

func newRegistry() *registry {
	return &registry{map[identity]any{}, map[string]*first{}}
}

// family is what series have in common that differ by attributes only. All versions of a library share them.
type family struct {
	scope library // without version and schema
	kind  zmetric.Kind
	name  string
}

// first is the first instrument of a name.
type first struct {
	identity
	name string
}

// mostKept bounds how many meters, and instruments of one, are kept to find them again. More of them work all the same.
const mostKept = 10_000

// lookup finds or makes an instrument. The error, if any, is that of a name that OpenTelemetry does not allow; the instrument works all the same.
func lookup[T any](m *meter, kind string, series zmetric.Kind, name, ucum, description string, make func(definition) T) (T, error) {
	i, known, was := m.lookup(identity{kind, strings.ToLower(name), ucum, description}, name, func(name string) any {
		return make(m.define(series, name, ucum, description))
	})
	if !known && was != nil {
		m.p.complain(duplicate, "an instrument of that name exists with another kind, unit, description or case", "meter", m.name,
			"name", name, "kind", kind, "unit", ucum, "description", description,
			"first name", was.name, "first kind", was.kind, "first unit", was.unit, "first description", was.description)
	}
	return i.(T), legal(name)
}

// lookup also returns the first other instrument of the name, whose case a new one takes; nil: there is none.
func (m *meter) lookup(id identity, name string, make func(name string) any) (i any, known bool, was *first) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	if i, known = m.instruments[id]; known {
		return i, known, nil
	}
	if was = m.first[id.name]; was != nil {
		name = was.name
	} else if len(m.first) < mostKept {
		m.first[id.name] = &first{id, name}
	}
	i = make(name)
	if len(m.instruments) < mostKept {
		m.instruments[id] = i
	}
	return i, known, was
}

// define says what a new instrument makes its series of. The caller holds the provider's mutex.
func (m *meter) define(series zmetric.Kind, name, ucum, description string) definition {
	u := unitOf(ucum)
	if series == zmetric.Gauge {
		u = unit{series: ucum, factor: 1}
	}
	d := definition{gate: gate{m.scope, &m.p.down}, p: m.p, name: name, unit: u}
	d.opts = []zibrato.Option{zibrato.WithUnit(u.series), zibrato.WithHelp(description)}
	of := family{m.tagged, series, name}
	if was, known := m.p.units[of]; known && was != u.series {
		d.opts = append(d.opts, zibrato.Tag("otel.unit", u.series)) // what has different units is never added up
	} else if len(m.p.units) < mostKept {
		m.p.units[of] = u.series
	}
	return d
}

// with returns the options of the series with some attributes.
func (d definition) with(set attribute.Set) []zibrato.Option {
	return append(tagsOf("", set), d.opts...)
}

// legal says what is wrong with a name, by the specification's rules.
func legal(name string) error {
	wrong := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.-/", r))
	}
	if name == "" || len(name) > 255 || name[0] < 'A' || strings.ContainsFunc(name, wrong) || name[0] == '_' {
		return fmt.Errorf("zotel: instrument name %q: want 1 to 255 of A-Z, a-z, 0-9, _, ., - and /, and a letter first", name)
	}
	return nil
}
