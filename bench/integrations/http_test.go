package integrations

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/bench/internal/harness"
	"github.com/zibrato/zibrato/instrument/zhttp"
)

// writer has the abilities of that of an HTTP/1 server, and does nothing.
type writer struct{ header http.Header }

func (w *writer) Header() http.Header               { return w.header }
func (w *writer) Write(p []byte) (int, error)       { return len(p), nil }
func (w *writer) WriteString(s string) (int, error) { return len(s), nil }
func (w *writer) WriteHeader(int)                   {}
func (w *writer) Flush()                            {}
func (w *writer) FlushError() error                 { return nil }
func (w *writer) Hijack() (c net.Conn, b *bufio.ReadWriter, e error) {
	return nil, nil, http.ErrNotSupported
}
func (w *writer) CloseNotify() <-chan bool            { return nil }
func (w *writer) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

var hello = []byte("hello, world")

// body is one that can be read again and again. It has no more methods than those of servers and transports.
type body struct{ r strings.Reader }

func (b *body) Reset(s string)             { b.r.Reset(s) }
func (b *body) Read(p []byte) (int, error) { return b.r.Read(p) }
func (b *body) Close() error               { return nil }

// servers serve requests with a ServeMux that knows the pattern and a handler that reads the body and writes some bytes.
func servers(tb testing.TB, withBody bool) []rival {
	mux := http.NewServeMux()
	mux.HandleFunc("/items/{id}", func(w http.ResponseWriter, r *http.Request) {
		if withBody {
			io.Copy(io.Discard, r.Body)
		}
		w.WriteHeader(http.StatusOK)
		w.Write(hello)
	})
	run := func(h http.Handler) func(n int) {
		w := &writer{http.Header{}}
		content := &body{}
		u := &url.URL{Path: "/items/17"}
		header := http.Header{"User-Agent": {"test"}}
		return func(n int) {
			for range n {
				r := http.Request{Method: "GET", URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "localhost", Header: header, Body: http.NoBody, RemoteAddr: "127.0.0.1:1234"}
				if withBody {
					content.Reset("hello")
					r.Method, r.Body, r.ContentLength = "POST", content, 5
				}
				h.ServeHTTP(w, &r)
			}
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)
	zibratoRival := rival{name: ours, run: run(zhttp.Handler(mux, zhttp.Config{Scope: rec.With()})), seen: func() int { return int(c.Calls()) / 3 }, ready: c.Flush}

	provider, count := meters(tb)
	otel := otelhttp.NewHandler(mux, "server", otelhttp.WithMeterProvider(provider))

	reg := prometheus.NewRegistry()
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "duration_seconds", Buckets: prometheus.DefBuckets}, []string{"code", "method"})
	active := prometheus.NewGauge(prometheus.GaugeOpts{Name: "active"})
	in := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "in_bytes", Buckets: prometheus.ExponentialBuckets(64, 4, 8)}, []string{"code", "method"})
	out := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "out_bytes", Buckets: prometheus.ExponentialBuckets(64, 4, 8)}, []string{"code", "method"})
	reg.MustRegister(duration, active, in, out)
	prom := promhttp.InstrumentHandlerInFlight(active, promhttp.InstrumentHandlerDuration(duration,
		promhttp.InstrumentHandlerRequestSize(in, promhttp.InstrumentHandlerResponseSize(out, mux))))

	return []rival{
		{name: bare, run: run(mux)},
		zibratoRival,
		{name: "otelhttp", run: run(otel), seen: count("http.server.request.duration", "")},
		{name: "promhttp", run: run(prom), seen: observed(tb, reg, "duration_seconds")},
	}
}

// observed counts the observations of a histogram.
func observed(tb testing.TB, reg *prometheus.Registry, name string) func() int {
	return func() (n int) {
		families, err := reg.Gather()
		must(tb, err)
		for _, f := range families {
			if f.GetName() == name && f.GetType() == dto.MetricType_HISTOGRAM {
				for _, m := range f.Metric {
					n += int(m.Histogram.GetSampleCount())
				}
			}
		}
		return n
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// clients send a request to a transport that answers at once, and read the response.
func clients(tb testing.TB) []rival {
	answer := roundTripper(func(r *http.Request) (*http.Response, error) {
		b := &body{}
		b.Reset("hello")
		return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Body: b, Request: r}, nil
	})
	r, err := http.NewRequest("GET", "http://localhost/items/17", nil)
	must(tb, err)
	run := func(t http.RoundTripper) func(n int) {
		var buf [64]byte
		return func(n int) {
			for range n {
				resp, err := t.RoundTrip(r)
				must(tb, err)
				for {
					if _, err := resp.Body.Read(buf[:]); err != nil {
						break
					}
				}
				must(tb, resp.Body.Close())
			}
		}
	}
	rec := zibrato.New(zibrato.Config{})
	c := harness.Consume(tb, rec)

	provider, count := meters(tb)

	reg := prometheus.NewRegistry()
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "duration_seconds", Buckets: prometheus.DefBuckets}, []string{"code", "method"})
	active := prometheus.NewGauge(prometheus.GaugeOpts{Name: "active"})
	reg.MustRegister(duration, active)
	return []rival{
		{name: bare, run: run(answer)},
		{name: ours, run: run(zhttp.Transport(answer, zhttp.Config{Scope: rec.With()})), seen: func() int { return int(c.Calls()) / 3 }, ready: c.Flush},
		{name: "otelhttp", run: run(otelhttp.NewTransport(answer, otelhttp.WithMeterProvider(provider))), seen: count("http.client.request.duration", "")},
		{name: "promhttp", run: run(promhttp.InstrumentRoundTripperInFlight(active, promhttp.InstrumentRoundTripperDuration(duration, answer))), seen: observed(tb, reg, "duration_seconds")},
	}
}

func TestEveryPackageSeesEveryRequest(t *testing.T) {
	assertSeen(t, servers(t, false))
	assertSeen(t, servers(t, true))
	assertSeen(t, clients(t))
}

// BenchmarkServer serves a request without a body, BenchmarkServerBody one with five bytes.
func BenchmarkServer(b *testing.B)     { against(b, servers(b, false)) }
func BenchmarkServerBody(b *testing.B) { against(b, servers(b, true)) }

// BenchmarkClient sends a request and reads the response.
func BenchmarkClient(b *testing.B) { against(b, clients(b)) }
