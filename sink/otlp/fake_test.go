package otlp_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is an OTLP receiver. What the protocol forbids fails the test.
type receiver struct {
	tb     testing.TB
	server *httptest.Server

	mu       sync.Mutex
	posts    []post
	script   []http.HandlerFunc // answers to the next posts; nil, or none left, takes them
	always   http.HandlerFunc   // answers whatever the script does not
	unwanted string             // name of a metric whose points are refused
	taken    []point
}

type post struct {
	path   string
	header http.Header
	size   int // of the body, unzipped
	points []point
}

// point is a data point with all that identifies it.
type point struct {
	key              string // of its series
	name, unit, help string
	resource         map[string]string
	attributes       map[string]string
	monotonic        bool
	temporality      metrics.AggregationTemporality
	start, time      uint64
	number           *metrics.NumberDataPoint // of a sum or a gauge
	gauge            bool
	histogram        *metrics.ExponentialHistogramDataPoint
}

func newReceiver(tb testing.TB) *receiver {
	r := &receiver{tb: tb}
	r.server = httptest.NewServer(r)
	tb.Cleanup(r.server.Close)
	return r
}

func (r *receiver) url() string { return r.server.URL + "/v1/metrics" }

// next scripts the answers to the next posts.
func (r *receiver) next(answers ...http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = append(r.script, answers...)
}

// all returns what was taken so far.
func (r *receiver) all() []point {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]point(nil), r.taken...)
}

func (r *receiver) sent() []post {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]post(nil), r.posts...)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p := r.read(req)
	r.mu.Lock()
	r.posts = append(r.posts, p)
	answer := r.always
	if len(r.script) > 0 {
		answer, r.script = r.script[0], r.script[1:]
	}
	if answer != nil {
		r.mu.Unlock()
		answer(w, req)
		return
	}
	defer r.mu.Unlock()
	refused := int64(0)
	for _, pt := range p.points {
		if r.unwanted != "" && pt.name == r.unwanted {
			refused++
		} else {
			r.taken = append(r.taken, pt)
		}
	}
	reply := &collector.ExportMetricsServiceResponse{}
	if refused > 0 {
		reply.PartialSuccess = &collector.ExportMetricsPartialSuccess{RejectedDataPoints: refused, ErrorMessage: r.unwanted + " is not wanted"}
	}
	body, _ := proto.Marshal(reply)
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Write(body)
}

func (r *receiver) read(req *http.Request) post {
	p := post{path: req.URL.Path, header: req.Header}
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(req.Body)
		if err != nil {
			r.tb.Errorf("a body that is no gzip: %v", err)
			return p
		}
		body = z
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return p // the sender gave up
	}
	p.size = len(b)
	if got := req.Header.Get("Content-Type"); got != "application/x-protobuf" || req.Method != http.MethodPost {
		r.tb.Errorf("%s of %q", req.Method, got)
	}
	var m collector.ExportMetricsServiceRequest
	if err := proto.Unmarshal(b, &m); err != nil {
		r.tb.Errorf("a body that is no request: %v", err)
	}
	p.points = r.points(&m)
	return p
}

// points takes a request apart.
func (r *receiver) points(m *collector.ExportMetricsServiceRequest) (all []point) {
	series := map[string]bool{}
	add := func(p point, from string, attributes []*common.KeyValue) {
		p.attributes = r.attributes(attributes)
		p.key = fmt.Sprintf("%q %q %v %v %v %s %s", p.name, p.unit, p.gauge, p.monotonic, p.histogram != nil, from, described(attributes))
		if series[p.key] {
			r.tb.Errorf("twice in one request: %s", p.key)
		}
		if series[p.key] = true; p.start > p.time {
			r.tb.Errorf("%s starts after its time", p.key)
		}
		all = append(all, p)
	}
	for _, rm := range m.ResourceMetrics {
		resource, from := r.attributes(rm.Resource.Attributes), described(rm.Resource.Attributes)
		for _, sm := range rm.ScopeMetrics {
			if sm.Scope.GetName() != "github.com/zibrato/zibrato" {
				r.tb.Errorf("scope %q", sm.Scope.GetName())
			}
			for _, m := range sm.Metrics {
				is := point{name: m.Name, unit: m.Unit, help: m.Description, resource: resource}
				number := func(n *metrics.NumberDataPoint, p point) {
					p.start, p.time, p.number = n.StartTimeUnixNano, n.TimeUnixNano, n
					add(p, from, n.Attributes)
				}
				switch data := m.Data.(type) {
				case *metrics.Metric_Gauge:
					is.gauge = true
					for _, n := range data.Gauge.DataPoints {
						number(n, is)
					}
				case *metrics.Metric_Sum:
					is.monotonic, is.temporality = data.Sum.IsMonotonic, data.Sum.AggregationTemporality
					for _, n := range data.Sum.DataPoints {
						number(n, is)
					}
				case *metrics.Metric_ExponentialHistogram:
					is.temporality = data.ExponentialHistogram.AggregationTemporality
					for _, h := range data.ExponentialHistogram.DataPoints {
						p := is
						p.start, p.time, p.histogram = h.StartTimeUnixNano, h.TimeUnixNano, h
						n := h.ZeroCount
						for _, c := range append(h.Positive.GetBucketCounts(), h.Negative.GetBucketCounts()...) {
							n += c
						}
						if n != h.Count {
							r.tb.Errorf("%s: the buckets hold %d, the count is %d", m.Name, n, h.Count)
						}
						add(p, from, h.Attributes)
					}
				default:
					r.tb.Errorf("%s: %T", m.Name, data)
				}
			}
		}
	}
	return all
}

func (r *receiver) attributes(kvs []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range kvs {
		if _, twice := m[kv.Key]; twice || kv.Key == "" {
			r.tb.Errorf("attribute %q is there twice, or empty", kv.Key)
		}
		if i, ok := kv.Value.Value.(*common.AnyValue_IntValue); ok {
			m[kv.Key] = fmt.Sprint(i.IntValue)
			continue
		}
		m[kv.Key] = kv.Value.GetStringValue()
	}
	return m
}

// described writes attributes as they came, since a sink keeps an order.
func described(kvs []*common.KeyValue) string {
	var b strings.Builder
	for _, kv := range kvs {
		b.WriteString(strconv.Quote(kv.Key))
		b.WriteString(strconv.Quote(kv.Value.GetStringValue()))
		b.WriteString(strconv.FormatInt(kv.Value.GetIntValue(), 10))
	}
	return b.String()
}

// says answers with a status and a body.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range header {
			k, v, _ := strings.Cut(h, ": ")
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}
