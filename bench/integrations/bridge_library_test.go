package integrations

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	goruntime "go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/zibrato/zibrato/bridge/zotel"
)

// both is a provider whose histograms record with two others, so that both hear of the very same events.
type both struct {
	noop.MeterProvider
	a, b metric.MeterProvider
}

func (p both) Meter(name string, opts ...metric.MeterOption) metric.Meter {
	return bothMeter{a: p.a.Meter(name, opts...), b: p.b.Meter(name, opts...)}
}

type bothMeter struct {
	noop.Meter
	a, b metric.Meter
}

func (m bothMeter) Int64Histogram(name string, opts ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	a, err := m.a.Int64Histogram(name, opts...)
	if err != nil {
		return nil, err
	}
	b, err := m.b.Int64Histogram(name, opts...)
	return bothInts{a: a, b: b}, err
}

func (m bothMeter) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	a, err := m.a.Float64Histogram(name, opts...)
	if err != nil {
		return nil, err
	}
	b, err := m.b.Float64Histogram(name, opts...)
	return bothFloats{a: a, b: b}, err
}

type bothInts struct {
	noop.Int64Histogram
	a, b metric.Int64Histogram
}

func (h bothInts) Record(ctx context.Context, v int64, opts ...metric.RecordOption) {
	h.a.Record(ctx, v, opts...)
	h.b.Record(ctx, v, opts...)
}

func (h bothInts) Enabled(ctx context.Context) bool { return h.a.Enabled(ctx) || h.b.Enabled(ctx) }

type bothFloats struct {
	noop.Float64Histogram
	a, b metric.Float64Histogram
}

func (h bothFloats) Record(ctx context.Context, v float64, opts ...metric.RecordOption) {
	h.a.Record(ctx, v, opts...)
	h.b.Record(ctx, v, opts...)
}

func (h bothFloats) Enabled(ctx context.Context) bool { return h.a.Enabled(ctx) || h.b.Enabled(ctx) }

// A server and a client that know OpenTelemetry only: what they measure arrives at a sink, to the last request, byte and nanosecond.
func TestOtelhttpArrivesAtASink(t *testing.T) {
	reader := sdk.NewManualReader()
	own, theirs := bridge(t, zotel.Config{}), sdk.NewMeterProvider(sdk.WithReader(reader))
	provider := both{a: own, b: theirs}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", len(r.PathValue("id"))))
	})
	mux.HandleFunc("POST /items", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	})
	server := httptest.NewServer(otelhttp.NewHandler(mux, "server", otelhttp.WithMeterProvider(provider)))
	client := http.Client{Transport: otelhttp.NewTransport(server.Client().Transport, otelhttp.WithMeterProvider(provider))}
	const workers, each = 4, 30
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				var resp *http.Response
				var err error
				switch i % 3 {
				case 0:
					resp, err = client.Get(fmt.Sprint(server.URL, "/items/", w*i))
				case 1:
					resp, err = client.Post(server.URL+"/items", "text/plain", strings.NewReader(strings.Repeat("y", i)))
				default:
					resp, err = client.Get(server.URL + "/nowhere")
				}
				if err != nil {
					t.Error(err)
					continue
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Error(err)
				}
				resp.Body.Close()
			}
		})
	}
	all.Wait()
	server.Close() // waits for requests that are not over to the server

	got, want := own.end(), told(t, reader)
	agree(t, got, want, func(_ string, w number) float64 { return 1e-9 * max(1, float64(w.count)) })
	for _, side := range []string{"server", "client"} {
		var requests uint64
		for key, n := range got {
			if strings.HasPrefix(key, "http."+side+".request.duration{") {
				requests += n.count
			}
		}
		if requests != workers*each {
			t.Errorf("%d requests of the %s arrived, want %d", requests, side, workers*each)
		}
	}
	must(t, theirs.Shutdown(context.Background()))
}

// The callbacks of OpenTelemetry's package for the Go runtime: the bridge hears of the same instruments as the SDK, with values between two of the SDK's readings.
func TestTheRuntimesInstrumentsArriveAtASink(t *testing.T) {
	own := bridge(t, zotel.Config{})
	must(t, goruntime.Start(goruntime.WithMeterProvider(own)))
	read := func() map[string]number {
		reader := sdk.NewManualReader()
		theirs := sdk.NewMeterProvider(sdk.WithReader(reader))
		defer theirs.Shutdown(context.Background())
		must(t, goruntime.Start(goruntime.WithMeterProvider(theirs))) // anew, since it reads once in 15 seconds
		return told(t, reader)
	}
	before := read()
	got := own.end()
	after := read()
	for key, w := range before {
		g, arrived := got[key]
		counts := strings.HasPrefix(key, "go.memory.alloc")
		switch {
		case !arrived:
			t.Errorf("%s did not arrive", key)
		case counts && (g.sum < w.sum || g.sum > after[key].sum):
			t.Errorf("%s: %v arrived, want %v to %v", key, g.sum, w.sum, after[key].sum)
		case strings.HasPrefix(key, "go.processor.limit") || strings.HasPrefix(key, "go.config.gogc"):
			if g != w {
				t.Errorf("%s: %+v arrived, want %+v", key, g, w)
			}
		case !counts && g.last <= 0:
			t.Errorf("%s: %+v arrived", key, g)
		}
	}
	if len(got) != len(before) || len(got) < 7 {
		t.Errorf("%d series arrived, want the SDK's %d", len(got), len(before))
	}
}

// globally is set in the environment of a process that has the global provider for itself.
const globally = "ZIBRATO_TEST_GLOBALLY"

// Libraries make their instruments when they are loaded, of the global provider, which learns where they go later: once in a process, so the test has one of its own.
func TestInstrumentsOfTheGlobalProviderArriveAtASink(t *testing.T) {
	if os.Getenv(globally) == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
		child.Env = append(os.Environ(), globally+"=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	ctx := context.Background()
	early := otel.Meter("early")
	counter, err := early.Int64Counter("early.counter")
	must(t, err)
	gauge, err := early.Float64ObservableGauge("early.gauge")
	must(t, err)
	gone, err := early.Int64ObservableUpDownCounter("early.updown", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(7)
		return nil
	}))
	must(t, err)
	observe := func(_ context.Context, o metric.Observer) error {
		o.ObserveFloat64(gauge, 1.5, metric.WithAttributes(attribute.String("k", "v")))
		return nil
	}
	_, err = early.RegisterCallback(observe, gauge)
	must(t, err)
	unregistered, err := early.RegisterCallback(func(context.Context, metric.Observer) error {
		t.Error("what was unregistered is called")
		return nil
	}, gone)
	must(t, err)

	own := bridge(t, zotel.Config{})
	otel.SetMeterProvider(own)
	must(t, unregistered.Unregister())
	counter.Add(ctx, 3)
	agree(t, own.end(), map[string]number{"early.counter{}": {sum: 3}, "early.gauge{k=v}": {last: 1.5}, "early.updown{}": {last: 7}},
		func(string, number) float64 { return math.SmallestNonzeroFloat64 })
}
