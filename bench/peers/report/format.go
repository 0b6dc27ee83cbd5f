package main

import (
	"math"
	"strconv"
	"strings"
)

// figure writes a number with as many digits as a reader can use: about two that count, and no less than its whole part.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case v == math.Trunc(v) && a < 1e4:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case a < 0.00095:
		return strconv.FormatFloat(v, 'f', 5, 64)
	case a < 0.0095:
		return strconv.FormatFloat(v, 'f', 4, 64)
	case a < 0.095:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a < 0.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 9.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a < 1e4:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	}
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// ratio writes a ratio, to the hundredth where it is small.
func ratio(v float64) string {
	if math.Abs(v) < 9.95 {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return figure(v)
}

// ns writes nanoseconds in the unit that suits them.
func ns(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a < 999.5:
		return figure(v) + " ns"
	case a < 999.5e3:
		return figure(v/1e3) + " µs"
	default:
		return figure(v/1e6) + " ms"
	}
}

// tick writes a round number beside an axis.
func tick(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// table writes a table in Markdown. The first column is text, the others are aligned right where right says so.
func table(head []string, right bool, lines [][]string) string {
	var b strings.Builder
	write := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	write(head)
	for i := range head {
		if i > 0 && right {
			b.WriteString("|---:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, l := range lines {
		write(l)
	}
	return b.String()
}
