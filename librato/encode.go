package librato

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/zibrato/zibrato/metric"
)

// Numbers beyond which the service refuses a whole request, or stores 0.
const (
	largest  = 1e126
	smallest = 1e-130
)

// item is one measurement, ready to be sent.
type item struct {
	series int    // the index in the window of the series it belongs to
	name   string // as sent
	json   []byte
}

// measurement is an element of "measurements" or "gauges". A pointer that is nil is left out; a zero is not.
type measurement struct {
	Name       string            `json:"name"`
	Tags       map[string]string `json:"tags,omitempty"`
	Source     string            `json:"source,omitempty"`
	Attributes *attributes       `json:"attributes,omitempty"`
	numbers
}

// numbers are a value or a summary.
type numbers struct {
	Value      *float64 `json:"value,omitempty"`
	Count      *uint64  `json:"count,omitempty"`
	Sum        *float64 `json:"sum,omitempty"`
	Min        *float64 `json:"min,omitempty"`
	Max        *float64 `json:"max,omitempty"`
	Last       *float64 `json:"last,omitempty"`
	StdDev     *float64 `json:"stddev,omitempty"`
	SumSquares *float64 `json:"sum_squares,omitempty"`
}

// attributes tell the service how to show a metric. It looks at them when the metric is new.
type attributes struct {
	Unit      string `json:"display_units_short,omitempty"`
	Summarize string `json:"summarize_function,omitempty"`
}

// encoder makes the items of windows.
type encoder struct {
	naming
	percentiles []percentile
}

// percentile is one of Config.Percentiles.
type percentile struct {
	quantile float64
	suffix   string // of the name
}

func newPercentile(p float64) percentile {
	text := strconv.FormatFloat(p, 'f', -1, 64)
	// 99.9/100 is more than 0.999, and so one rank too far in a thousand samples. What was formatted parses.
	q, _ := strconv.ParseFloat(text+"e-2", 64)
	return percentile{q, ".p" + text}
}

// encode returns the measurements of a window, in its order, and how many series cannot be sent, with why for one of
// them. The same window gives the same items. It fails only when ctx ends.
func (e *encoder) encode(ctx context.Context, w *metric.Window) (items []item, unfit int, why string, err error) {
	taken := make(claims, len(w.Series))
	for i := range w.Series {
		if err := ctx.Err(); err != nil {
			return nil, 0, "", err
		}
		a := &w.Series[i]
		n, err := e.numbersOf(a)
		if err == nil && n == (numbers{}) {
			continue
		}
		var it item
		if err == nil {
			it, err = e.item(taken, i, a, "", n)
		}
		if err != nil {
			unfit, why = unfit+1, fmt.Sprintf("%s: %v", metric.LegalText(a.Name, maxName), err)
			continue
		}
		items = append(items, it)
		if a.Kind != metric.Timer && a.Kind != metric.Distribution {
			continue
		}
		for _, p := range e.percentiles {
			v := number(a.Detail.Quantile(p.quantile))
			if v == nil {
				continue
			}
			if it, err := e.item(taken, i, a, p.suffix, numbers{Value: v}); err == nil {
				items = append(items, it)
			}
		}
	}
	e.report()
	return items, unfit, why, nil
}

// item makes the measurement of a series whose name ends with suffix.
func (e *encoder) item(taken claims, i int, a *metric.Aggregate, suffix string, n numbers) (item, error) {
	name, where, err := e.claim(taken, a.Series, suffix)
	if err != nil {
		return item{}, err
	}
	m := measurement{Name: name, Tags: where.tags, Source: where.source, numbers: n}
	if e.api != Metrics {
		m.Attributes = attributesOf(a.Series)
	}
	b, err := json.Marshal(m)
	return item{i, name, b}, err
}

// errNumber says that a series has nothing that could be sent.
var errNumber = fmt.Errorf("the API takes finite numbers up to %g only", float64(largest))

// numbersOf returns what is to be said of a series, nothing if it had no calls.
func (e *encoder) numbersOf(a *metric.Aggregate) (n numbers, err error) {
	if a.Kind == metric.Counter {
		if n.Value = number(a.Sum); n.Value == nil {
			err = errNumber
		}
		return n, err
	}
	d := &a.Detail
	count, sum := a.Count, a.Sum
	if a.Kind == metric.Gauge || a.Kind == metric.UpDown {
		count, sum = d.Count, d.Sum
	}
	if count == 0 {
		return n, nil
	}
	n.Count, n.Sum = &count, number(sum)
	if n.Sum == nil {
		return n, errNumber
	}
	if !a.HasDetail() {
		return n, nil
	}
	n.Min, n.Max = number(d.Min), number(d.Max)
	if e.api == Metrics {
		// Such that the deviation that the service computes from count, sum and this is the detail's.
		n.SumSquares = number(d.M2/float64(d.Count)*float64(count) + sum/float64(count)*sum)
	} else {
		n.Last, n.StdDev = number(d.Last), number(d.StdDev())
	}
	return n, nil
}

// number returns v as the API can take it, nil if it cannot.
func number(v float64) *float64 {
	switch abs := math.Abs(v); {
	case !(abs <= largest): // NaN too
		return nil
	case abs < smallest:
		v = 0
	}
	return &v
}

func attributesOf(s *metric.Series) *attributes {
	a := attributes{Unit: s.Unit}
	switch s.Kind {
	case metric.Timer:
		a.Unit = "s"
	case metric.Counter:
		a.Summarize = "sum"
	}
	if a == (attributes{}) {
		return nil
	}
	return &a
}
