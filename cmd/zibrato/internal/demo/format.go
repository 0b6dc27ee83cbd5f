package demo

import (
	"math"
	"strconv"
	"strings"
)

// formatValue writes a number of the given unit (UCUM) for people, to three figures, with the prefix that fits.
func formatValue(v float64, unit string) string {
	switch {
	case unit == "s":
		return scaled(v*1e9, 1000, "ns", "µs", "ms", "s")
	case unit == "By":
		return scaled(v, 1024, "B", "KiB", "MiB", "GiB", "TiB")
	case len(unit) > 3, unit == "1", strings.HasPrefix(unit, "{"): // not to be shown, or not short enough
		unit = ""
	}
	return scaled(v, 1000, unit, "k"+unit, "M"+unit, "G"+unit, "T"+unit)
}

// formatRate writes a number per second.
func formatRate(r float64) string {
	if r >= 999.5 && r < 999_999.5 {
		return formatCount(math.Round(r))
	}
	return formatValue(r, "")
}

// formatCount writes a whole number, below a million to its last digit.
func formatCount(n float64) string {
	if n < 0 || n > 999_999 {
		return formatValue(n, "")
	}
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	if len(digits) > 3 {
		digits = digits[:len(digits)-3] + "," + digits[len(digits)-3:]
	}
	return digits
}

// scaled writes v with the first of the units, each step times the one before, that makes it less than a step.
func scaled(v, step float64, units ...string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "-"
	}
	for len(units) > 1 && math.Abs(v) >= step-0.5 { // what would be rounded up to a step goes on, too
		v, units = v/step, units[1:]
	}
	if math.Abs(v) >= 99_999.5 { // beyond all units
		return strconv.FormatFloat(v, 'g', 1, 64)
	}
	return strings.TrimRight(figures(v)+" "+units[0], " ")
}

// figures writes v to three figures, a whole number without a fraction.
func figures(v float64) string {
	abs := math.Abs(v)
	switch {
	case v == math.Trunc(v) || abs >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case abs >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case abs >= 0.01:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}
