package backendtest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// Point is what arrived about one series in one window, in terms into which every target's can be translated. A field
// that the target does not carry is nil or zero, as [Harness.Express] leaves it. What the target carries but was not told,
// such as the minimum of a counter, is nil; a harness passes a NaN that arrived on, so that it is found.
type Point struct {
	Time   time.Time // the window's start
	Kind   metric.Kind
	Level  metric.Level
	Name   string
	Source string
	Tags   []metric.Tag // sorted by key
	Unit   string
	Help   string

	// Values are in the series' units: seconds for a timer.
	Count, Sum, Min, Max, Last, StdDev *float64

	// Quantiles holds the quantiles that the target was told, by the fraction. The suite looks at 0.5, 0.9, 0.95, 0.99
	// and 0.999.
	Quantiles map[float64]float64
}

// identity is what makes two points speak of the same series and window.
func (p *Point) identity() string {
	var b []byte
	if !p.Time.IsZero() {
		b = append(p.Time.UTC().AppendFormat(b, time.RFC3339Nano), ' ')
	}
	if p.Kind != 0 {
		b = append(append(b, p.Kind.String()...), ' ')
	}
	b = strconv.AppendQuote(b, p.Name)
	if p.Level != "" {
		b = strconv.AppendQuote(append(b, " level "...), string(p.Level))
	}
	if p.Source != "" {
		b = strconv.AppendQuote(append(b, " source "...), p.Source)
	}
	for _, t := range p.Tags {
		b = strconv.AppendQuote(append(b, ' '), t.Key)
		b = strconv.AppendQuote(append(b, '='), t.Value)
	}
	return string(b)
}

// differences says in what other values than wanted arrived.
func (p *Point) differences(want *Point, tolerance float64) (found []string) {
	text := func(field, got, want string) {
		if got != want {
			found = append(found, fmt.Sprintf("%s is %q instead of %q", field, got, want))
		}
	}
	number := func(field string, got, want *float64, near func(got, want float64) bool) {
		switch {
		case got != nil && math.IsNaN(*got):
			found = append(found, field+" is NaN: what is not known must be left out, or be what the target takes for that")
		case want != nil && (math.IsNaN(*want) || math.IsInf(*want, 0)):
			// Numbers that ran over. What arrives is for the target to say, as long as it is a number.
		case got == nil && want != nil:
			found = append(found, fmt.Sprintf("%s is missing instead of %v", field, *want))
		case got != nil && want == nil:
			found = append(found, fmt.Sprintf("%s is %v where nothing is known", field, *got))
		case got != nil && !near(*got, *want):
			found = append(found, fmt.Sprintf("%s is %v instead of %v", field, *got, *want))
		}
	}
	text("unit", p.Unit, want.Unit)
	text("help", p.Help, want.Help)
	number("count", p.Count, want.Count, exactly)
	number("sum", p.Sum, want.Sum, toTheLastBit)
	number("min", p.Min, want.Min, exactly)
	number("max", p.Max, want.Max, exactly)
	number("last", p.Last, want.Last, exactly)
	number("stddev", p.StdDev, want.StdDev, within(tolerance))
	for _, q := range quantiles {
		number(q.name, lookUp(p.Quantiles, q.fraction), lookUp(want.Quantiles, q.fraction), within(histogramError+tolerance))
	}
	return found
}

// quantiles are those that the suite looks at.
var quantiles = [...]struct {
	fraction float64
	name     string
}{{0.5, "quantile 0.5"}, {0.9, "quantile 0.9"}, {0.95, "quantile 0.95"}, {0.99, "quantile 0.99"}, {0.999, "quantile 0.999"}}

// histogramError is how far, relatively, a quantile may be from the sample of that rank.
const histogramError = 0.011

func lookUp(m map[float64]float64, q float64) *float64 {
	if v, ok := m[q]; ok {
		return &v
	}
	return nil
}

func exactly(got, want float64) bool { return got == want }

// toTheLastBit allows for a sum that was divided or added up in another order.
func toTheLastBit(got, want float64) bool {
	return got >= math.Nextafter(want, math.Inf(-1)) && got <= math.Nextafter(want, math.Inf(1))
}

func within(tolerance float64) func(got, want float64) bool {
	return func(got, want float64) bool {
		return toTheLastBit(got, want) || math.Abs(got-want) <= tolerance*math.Abs(want)
	}
}

// reported is how many findings of a sort a failure lists.
const reported = 5

// compare says how what arrived differs from what should have: each point wanted between once and most times, and no others.
func compare(got, want []Point, most int, tolerance float64) error {
	arrived := make(map[string][]*Point, len(got))
	for i := range got {
		id := got[i].identity()
		arrived[id] = append(arrived[id], &got[i])
	}
	var wrong, strange []string
	wanted := make(map[string]bool, len(want))
	for i := range want {
		id := want[i].identity()
		if wanted[id] {
			wrong = append(wrong, "two series of the window arrive as one: "+id)
			continue
		}
		wanted[id] = true
		switch n := len(arrived[id]); {
		case n == 0:
			wrong = append(wrong, "did not arrive: "+id)
		case n > most:
			wrong = append(wrong, fmt.Sprintf("arrived %s instead of %s: %s", times(n), times(most), id))
		}
		for _, p := range arrived[id] {
			if d := p.differences(&want[i], tolerance); d != nil {
				wrong = append(wrong, fmt.Sprintf("%s: %s", id, strings.Join(d, ", ")))
				break
			}
		}
	}
	for i := range got {
		if id := got[i].identity(); !wanted[id] {
			wanted[id] = true
			strange = append(strange, "arrived, but was never written: "+id)
		}
	}
	if len(wrong)+len(strange) == 0 {
		return nil
	}
	return fmt.Errorf("%d series arrived, %d expected:%s%s", len(got), len(want), list(wrong), list(strange))
}

func list(findings []string) string {
	var b strings.Builder
	for i, f := range findings {
		if i == reported {
			fmt.Fprintf(&b, "\n\tand %d more", len(findings)-i)
			break
		}
		b.WriteString("\n\t" + f)
	}
	return b.String()
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
