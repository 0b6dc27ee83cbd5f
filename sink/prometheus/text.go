package prometheus

import (
	"strconv"
	"strings"

	"github.com/zibrato/zibrato/metric"
)

var helpEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

// text is one of the two text forms.
type text struct{ open, created bool } // OpenMetrics, with _created

func (t text) begin(b []byte, f *family) []byte {
	name := f.full
	if t.open {
		name = f.names.open
	}
	help := helpEscapes.Replace(f.help)
	if t.open {
		help = escapes.Replace(f.help)
	}
	b = append(append(append(append(append(b, "# HELP "...), name...), ' '), help...), '\n')
	b = append(append(append(append(append(b, "# TYPE "...), name...), ' '), typeOf(f.id.kind)...), '\n')
	if unit := f.unit(); t.open && unit != "" {
		b = append(append(append(append(append(b, "# UNIT "...), name...), ' '), unit...), '\n')
	}
	return b
}

func typeOf(k metric.Kind) string {
	switch k {
	case metric.Counter:
		return "counter"
	case metric.Timer, metric.Distribution:
		return "histogram"
	}
	return "gauge"
}

func (t text) series(b []byte, s *series) []byte {
	f := s.family
	if h := s.hist; h != nil {
		count := uint64(0)
		for i, n := range h.fixed {
			count += n
			le := f.bounds[i].text
			if t.open {
				le = f.bounds[i].open
			}
			b = strconv.AppendUint(s.sample(b, f.full, "_bucket", le), count, 10)
			b = append(b, '\n')
		}
		b = append(strconv.AppendUint(s.sample(b, f.full, "_count", ""), h.count, 10), '\n')
		b = append(s.exact(s.sample(b, f.full, "_sum", "")), '\n')
	} else {
		b = append(s.exact(s.sample(b, f.full, "", "")), '\n')
	}
	if t.open && t.created && typeOf(f.id.kind) != "gauge" {
		b = metric.AppendSeconds(s.sample(b, f.names.open, "_created", ""), s.created)
		b = append(b, '\n')
	}
	return b
}

// sample appends all of a line but the value.
func (s *series) sample(b []byte, name, suffix, le string) []byte {
	b = append(append(b, name...), suffix...)
	if s.labels != "" || le != "" {
		b = append(append(b, '{'), s.labels...)
		if s.labels != "" && le != "" {
			b = append(b, ',')
		}
		b = append(append(b, le...), '}')
	}
	return append(b, ' ')
}

// exact appends the number of a series, with all digits of what is kept as a whole number.
func (s *series) exact(b []byte) []byte {
	switch {
	case s.family.id.kind == metric.Timer:
		return metric.AppendSeconds(b, s.whole)
	case s.family.id.kind == metric.Counter && s.factor == 1:
		return strconv.AppendInt(b, s.whole, 10)
	}
	return strconv.AppendFloat(b, s.number(), 'g', -1, 64)
}
