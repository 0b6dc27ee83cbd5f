package prometheus

import (
	"strings"

	"github.com/zibrato/zibrato/metric"
)

// unit is what Prometheus calls a unit, and what a value is multiplied by to be in it.
type unit struct {
	word   string // ends the name; empty: nothing does
	factor float64
}

// base units: the code that UCUM has, or that people write, the word in names, and that of one of them, for rates.
var bases = map[string]struct{ word, one string }{
	"s": {"seconds", "second"}, "sec": {"seconds", "second"}, "second": {"seconds", "second"}, "seconds": {"seconds", "second"},
	"By": {"bytes", "byte"}, "B": {"bytes", "byte"}, "byte": {"bytes", "byte"}, "bytes": {"bytes", "byte"},
	"m": {"meters", "meter"}, "g": {"grams", "gram"}, "V": {"volts", "volt"}, "A": {"amperes", "ampere"}, "J": {"joules", "joule"},
	"W": {"watts", "watt"}, "Hz": {"hertz", "hertz"}, "Cel": {"celsius", "celsius"}, "K": {"kelvin", "kelvin"},
}

// derived units are so many of a base unit.
var derived = map[string]unit{
	"min": {"s", 60}, "h": {"s", 3600}, "d": {"s", 86400}, "wk": {"s", 7 * 86400}, "bit": {"By", 1. / 8},
	"µs": {"s", 1e-6}, "μs": {"s", 1e-6}, // with the micro sign and the Greek letter
}

// prefixes of units that take any.
var prefixes = []struct {
	code   string
	factor float64
}{
	{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40},
	{"k", 1e3}, {"K", 1 << 10}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"c", 1e-2}, {"m", 1e-3}, {"u", 1e-6}, {"n", 1e-9},
}

// unitOf returns the unit of a series, by the word that a name of its kind gets.
func unitOf(s *metric.Series) unit {
	code := s.Unit
	switch {
	case s.Kind == metric.Timer:
		code = "s"
	case code == "1" && s.Kind == metric.Gauge:
		return unit{"ratio", 1}
	case code == "%":
		return unit{"ratio", 1e-2}
	}
	of, per, rate := strings.Cut(code, "/")
	u, _ := simple(of)
	if !rate {
		return u
	}
	by, one := simple(per)
	if one == "" {
		return unit{factor: 1} // nothing that we could say for sure
	}
	u.factor /= by.factor
	u.word = strings.TrimPrefix(u.word+"_per_"+one, "_")
	return u
}

// simple returns a unit that is no rate, and the word for one of it.
func simple(code string) (u unit, one string) {
	if code == "" || code == "1" || code[0] == '{' {
		return unit{factor: 1}, ""
	}
	code, _, _ = strings.Cut(code, "{") // what is in braces is a comment
	factor := 1.0
	if d, ok := derived[code]; ok {
		code, factor = d.word, d.factor
	} else if _, ok := bases[code]; !ok {
		for _, p := range prefixes {
			rest, found := strings.CutPrefix(code, p.code)
			if b, ok := bases[rest]; found && ok && len(b.word) > len(rest) {
				code, factor = rest, p.factor
				break
			}
			if rest == "bit" && found {
				code, factor = "By", p.factor/8
				break
			}
		}
	}
	if b, ok := bases[code]; ok {
		return unit{b.word, factor}, b.one
	}
	if word := legal(code); isLabel(code) && word == code {
		return unit{word, 1}, word
	}
	return unit{factor: 1}, ""
}
