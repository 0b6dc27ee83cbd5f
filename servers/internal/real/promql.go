package real

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PromQL is a server that answers queries as Prometheus does.
type PromQL struct{ URL string }

// Sample is one element of an instant vector: a value or a native histogram.
type Sample struct {
	Labels    map[string]string // __name__ among them
	Value     float64
	Histogram *Histogram
}

// Histogram is a native histogram as queries show it.
type Histogram struct {
	Count, Sum float64
	Buckets    int // that hold anything
}

// String writes the sample's series, labels sorted.
func (s Sample) String() string {
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(s.Labels)) {
		if k != "__name__" {
			labels = append(labels, fmt.Sprintf("%s=%q", k, s.Labels[k]))
		}
	}
	return s.Labels["__name__"] + "{" + strings.Join(labels, ", ") + "}"
}

// Query evaluates an expression now. The answer is sorted by series.
func (p PromQL) Query(t testing.TB, expr string) []Sample {
	t.Helper()
	samples, err := p.query(url.Values{"query": {expr}})
	if err != nil {
		t.Fatalf("query %s: %v", expr, err)
	}
	return samples
}

// QueryAt evaluates an expression at another time than now.
func (p PromQL) QueryAt(t testing.TB, expr string, at time.Time) []Sample {
	t.Helper()
	samples, err := p.query(url.Values{"query": {expr}, "time": {fmt.Sprintf("%.3f", float64(at.UnixMilli())/1e3)}})
	if err != nil {
		t.Fatalf("query %s: %v", expr, err)
	}
	return samples
}

// One waits until an expression has exactly one element, and returns it.
func (p PromQL) One(t testing.TB, expr string) (one Sample) {
	t.Helper()
	Eventually(t, expr, func() error {
		samples := p.Query(t, expr)
		if len(samples) != 1 {
			return fmt.Errorf("%d elements: %v", len(samples), samples)
		}
		one = samples[0]
		return nil
	})
	return one
}

func (p PromQL) query(form url.Values) ([]Sample, error) {
	body, err := Get(context.Background(), p.URL+"/api/v1/query?"+form.Encode())
	if err != nil {
		return nil, err
	}
	var reply struct {
		Data struct {
			ResultType string
			Result     []struct {
				Metric    map[string]string
				Value     []any
				Histogram []any
			}
		}
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, fmt.Errorf("%w: %s", err, body)
	}
	if reply.Data.ResultType != "vector" {
		return nil, fmt.Errorf("the answer is no vector: %s", body)
	}
	samples := make([]Sample, 0, len(reply.Data.Result))
	for _, r := range reply.Data.Result {
		s := Sample{Labels: r.Metric}
		switch {
		case len(r.Value) == 2:
			s.Value, err = number(r.Value[1])
		case len(r.Histogram) == 2:
			s.Histogram, err = histogram(r.Histogram[1])
		default:
			err = fmt.Errorf("neither value nor histogram: %s", body)
		}
		if err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	slices.SortFunc(samples, func(a, b Sample) int { return strings.Compare(a.String(), b.String()) })
	return samples, nil
}

// number reads a number as queries write it, in a string.
func number(v any) (float64, error) {
	s, ok := v.(string)
	if !ok {
		return 0, fmt.Errorf("%v is no number in a string", v)
	}
	return strconv.ParseFloat(s, 64)
}

func histogram(v any) (*Histogram, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v is no histogram", v)
	}
	h := &Histogram{}
	var err1, err2 error
	h.Count, err1 = number(m["count"])
	h.Sum, err2 = number(m["sum"])
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("%v is no histogram", v)
	}
	buckets, _ := m["buckets"].([]any)
	h.Buckets = len(buckets)
	return h, nil
}
