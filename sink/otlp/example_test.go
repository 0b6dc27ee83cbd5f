package otlp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/otlp"
)

// A program sends what it measures by itself, without ZeroMQ. The receiver here prints what it gets.
func Example() {
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m collector.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil {
			fmt.Println(err)
		}
		for _, of := range m.ResourceMetrics {
			for _, metric := range of.ScopeMetrics[0].Metrics {
				if of.Resource.Attributes[0].Value.GetStringValue() == "orders" && metric.Name == "jobs.done" {
					fmt.Println(r.URL.Path, metric.Name, metric.GetSum().DataPoints[0].GetAsInt())
				}
			}
		}
	}))
	defer receiver.Close()

	rec := zibrato.New(zibrato.Config{Source: "orders"})
	defer rec.Close()
	b, err := backend.Start(backend.Config{
		From:  backend.InProcess(rec),
		Sinks: []backend.Sink{otlp.New(otlp.Config{URL: otlp.MetricsURL(receiver.URL), Gzip: false})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec.Count("jobs.done", 5)
	rec.Count("jobs.done", 2)
	if err := b.Close(); err != nil {
		fmt.Println(err)
	}
	// Output: /v1/metrics jobs.done 7
}

// The variables that OpenTelemetry's programs read say where to send. Only a main should read the environment.
func ExampleFromEnvironment() {
	environment := map[string]string{ // os.Getenv in a program
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
		"OTEL_SERVICE_NAME":           "orders",
	}
	cfg, err := otlp.FromEnvironment(func(name string) string { return environment[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	s := otlp.New(cfg)
	fmt.Println(s, cfg.Resource)
	s.Close(context.Background())
	// Output: otlp http://collector:4318/v1/metrics map[service.name:orders]
}
