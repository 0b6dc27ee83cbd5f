package librato_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/backend/backendtest"
	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

func TestSinkKeepsTheContract(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		NewTarget: func() (backendtest.Target, error) { return newTarget(t), nil },
		Express:   express,
		Secrets:   []string{token, user, base64.StdEncoding.EncodeToString([]byte(user + ":" + token))},
	})
}

// target is the fake service on a network, and what arrived there as the suite wants to see it.
type target struct {
	*fake
	server *httptest.Server
	resume chan struct{} // closed when the service goes on
}

func newTarget(t *testing.T) *target {
	f := newFake(t)
	f.now = func() time.Time { return time.Date(2026, 3, 1, 12, 5, 0, 0, time.UTC) } // shortly after the suite's windows
	return &target{fake: f, server: httptest.NewServer(f)}
}

func (t *target) NewSink() (backend.Sink, error) {
	return librato.NewAt(librato.Config{User: user, Token: token, URL: t.server.URL, Percentiles: []float64{50, 99.9}}, t.now), nil
}

func (t *target) Behave(b backendtest.Behaviour) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.resume != nil {
		close(t.resume)
		t.resume = nil
	}
	t.always = nil
	clear(t.poison)
	switch b {
	case backendtest.Hang:
		resume := make(chan struct{})
		t.resume = resume
		t.always = func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-resume:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	case backendtest.Fail:
		t.always = says(http.StatusServiceUnavailable, "")
	case backendtest.Reject:
		t.poison[backendtest.Unwanted] = "is not wanted"
	}
	return nil
}

func (t *target) Close() error {
	t.server.Close()
	return nil
}

var percentile = regexp.MustCompile(`^(.+)\.p([0-9.]+)$`)

func (t *target) Arrived() ([]backendtest.Point, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	points := map[string]*backendtest.Point{}
	key := func(id, name string) string { return strings.Replace(id, " "+strings.ToLower(name)+" ", " ", 1) + name }
	for id, m := range t.store {
		if name := m["name"].(string); !percentile.MatchString(name) {
			points[key(id, name)] = point(t.times[id], m)
		}
	}
	for id, m := range t.store {
		name := m["name"].(string)
		if of := percentile.FindStringSubmatch(name); of != nil {
			p, err := strconv.ParseFloat(of[2], 64)
			if err != nil {
				return nil, err
			}
			points[key(strings.Replace(id, strings.ToLower(name), strings.ToLower(of[1]), 1), of[1])].Quantiles[math.Round(p*10)/1000] = *number(m["value"])
		}
	}
	var sorted []backendtest.Point
	for _, p := range points {
		sorted = append(sorted, *p)
	}
	slices.SortFunc(sorted, func(a, b backendtest.Point) int { return a.Time.Compare(b.Time) })
	return sorted, nil
}

// point translates a measurement.
func point(at time.Time, m map[string]any) *backendtest.Point {
	p := &backendtest.Point{
		Time: at, Name: m["name"].(string), Quantiles: map[float64]float64{},
		Count: number(m["count"]), Sum: number(m["sum"]), Min: number(m["min"]), Max: number(m["max"]), Last: number(m["last"]), StdDev: number(m["stddev"]),
	}
	if p.Sum == nil {
		p.Sum = number(m["value"])
	}
	if p.Name == steps {
		p.Count = nil
	}
	for k, v := range m["tags"].(map[string]any) {
		switch v := v.(string); k {
		case "source":
			p.Source = v
		case "level":
			p.Level = metric.Level(v)
		default:
			p.Tags = append(p.Tags, metric.Tag{Key: k, Value: v})
		}
	}
	p.Tags = metric.SortTags(p.Tags)
	if a, ok := m["attributes"].(map[string]any); ok {
		p.Unit, _ = a["display_units_short"].(string)
	}
	return p
}

func number(v any) *float64 {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	f, err := n.Float64()
	if err != nil {
		f = math.NaN()
	}
	return &f
}

// steps is a series whose detail holds other than its calls. The count beside a sum is that of the values there.
const steps = "kind.updown"

// express is what the package comment says about what is sent and how, in other words than the code's.
func express(p backendtest.Point) (backendtest.Point, bool) {
	if p.Sum == nil || math.Abs(*p.Sum) > 1e126 {
		return p, false // a gauge of which only the number of calls is known, or a sum that the service refuses
	}
	if p.Kind == metric.Counter || p.Name == steps {
		p.Count = nil
	}
	if p.Kind != metric.Timer && p.Kind != metric.Distribution {
		p.Quantiles = nil
	}
	for _, v := range []*float64{p.Sum, p.Min, p.Max, p.Last, p.StdDev} {
		if v != nil && math.Abs(*v) < 1e-130 {
			*v = 0
		}
	}
	maps.DeleteFunc(p.Quantiles, func(q, _ float64) bool { return q != 0.5 && q != 0.999 })
	for q, v := range p.Quantiles {
		if math.Abs(v) < 1e-130 {
			p.Quantiles[q] = 0
		}
	}
	p.Time = p.Time.Truncate(time.Second)
	p.Kind, p.Help = 0, ""
	p.Name, p.Source = allowed(p.Name, notInNames), allowed(p.Source, notInValues)
	var tags []metric.Tag
	for _, t := range p.Tags {
		if t.Value != "" {
			tags = append(tags, metric.Tag{Key: allowed(t.Key, notInNames), Value: allowed(t.Value, notInValues)})
		}
	}
	p.Tags = metric.SortTags(tags)
	return p, true
}

var (
	notInNames  = regexp.MustCompile(`[^A-Za-z0-9.:_\-]`)
	notInValues = regexp.MustCompile(`[^A-Za-z0-9.:_\- ?/\\]`)
)

// allowed is s without the characters that are not.
func allowed(s string, not *regexp.Regexp) string {
	t := not.ReplaceAllString(s, "_")
	switch {
	case s == "":
		return "unnamed_" + fnv32a("")
	case t == s:
		return s
	}
	return t[:min(len(t), 246)] + "_" + fnv32a(s)
}
