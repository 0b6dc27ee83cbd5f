package otlp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/sink/otlp"
)

func TestTheEnvironment(t *testing.T) {
	from := func(pairs ...string) (otlp.Config, error) {
		set := map[string]string{}
		for _, p := range pairs {
			k, v, _ := strings.Cut(p, "=")
			set[k] = v
		}
		return otlp.FromEnvironment(func(name string) string { return set[name] })
	}
	for _, test := range []struct {
		env  []string
		want otlp.Config
	}{
		{nil, otlp.Config{}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318"}, otlp.Config{URL: "http://c:4318/v1/metrics"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://c/otlp/"}, otlp.Config{URL: "https://c/otlp/v1/metrics"}},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://m/x"}, otlp.Config{URL: "http://m/x"}},
		{[]string{"OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b%2C, x = y=z"}, otlp.Config{Headers: map[string]string{"api-key": "a b,", "x": "y=z"}}},
		{[]string{"OTEL_EXPORTER_OTLP_HEADERS=a=1", "OTEL_EXPORTER_OTLP_METRICS_HEADERS=b=2"}, otlp.Config{Headers: map[string]string{"b": "2"}}},
		{[]string{"OTEL_EXPORTER_OTLP_TIMEOUT=2500", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}, otlp.Config{Timeout: 2500 * time.Millisecond, Gzip: true}},
		{[]string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION=none"}, otlp.Config{}},
		{[]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=Delta"}, otlp.Config{Temporality: otlp.Delta}},
		{[]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=lowmemory"}, otlp.Config{Temporality: otlp.Delta}},
		{[]string{"OTEL_RESOURCE_ATTRIBUTES=service.name=a,k=v%3D1", "OTEL_SERVICE_NAME=b"}, otlp.Config{Resource: map[string]string{"service.name": "b", "k": "v=1"}}},
		{[]string{"OTEL_SERVICE_NAME=b"}, otlp.Config{Resource: map[string]string{"service.name": "b"}}},
		{[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, otlp.Config{}}, // of nothing that is used
		{[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=http://c"}, otlp.Config{URL: "http://c/v1/metrics"}},
	} {
		got, err := from(test.env...)
		if err != nil {
			t.Errorf("%q: %v", test.env, err)
		}
		same(t, strings.Join(test.env, " "), fields(got), fields(test.want))
	}
	for variable, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://c", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "c:4318", "OTEL_EXPORTER_OTLP_HEADERS": "s3cret",
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS": "key=s3cret%zz", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "0",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/no/such/file", "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/no/such/file",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "both", "OTEL_RESOURCE_ATTRIBUTES": "nothing",
	} {
		if _, err := from(variable + "=" + value); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s=%s: %v", variable, value, err)
		}
	}
	if _, err := from("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"); err == nil || !strings.Contains(err.Error(), "http/protobuf") {
		t.Errorf("an endpoint for another protocol: %v", err)
	}
}

// fields are those of a Config that can be compared; a Config itself prints without secrets.
func fields(c otlp.Config) any {
	return struct {
		URL               string
		Headers, Resource map[string]string
		Timeout           time.Duration
		Gzip              bool
		Temporality       otlp.Temporality
	}{c.URL, c.Headers, c.Resource, c.Timeout, c.Gzip, c.Temporality}
}

func TestWrongConfigsAreRefusedByName(t *testing.T) {
	for want, cfg := range map[string]otlp.Config{
		"URL: want https":         {URL: "collector:4318"},
		"URL: cannot be parsed":   {URL: "http://user:s3cret@[::1/"},
		"URL: holds a fragment":   {URL: "http://c/#s3cret"},
		"set PlainHTTP":           {URL: "http://192.0.2.1/v1/metrics", Headers: map[string]string{"a": "s3cret"}},
		"Headers: \"a b\"":        {Headers: map[string]string{"a b": "s3cret"}},
		"Headers: the value of a": {Headers: map[string]string{"a": "s3cret\r\nx: y"}},
		"Timeout":                 {Timeout: -1},
		"MaxRequest":              {MaxRequest: 100},
		"Temporality":             {Temporality: "both"},
		"Apart":                   {Apart: 9},
		"MaxSeries":               {MaxSeries: -1},
		"Resource":                {Resource: map[string]string{"": "x"}},
	} {
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("want %q: %v", want, err)
		}
		if w := otlp.New(cfg).Write(t.Context(), nth(0, counter("a", 1))); w == nil || !strings.Contains(w.Error(), want) {
			t.Errorf("a sink of it says %v", w)
		}
	}
	for _, cfg := range []otlp.Config{
		{}, {URL: "http://192.0.2.1/v1/metrics"}, {URL: "http://192.0.2.1", Headers: map[string]string{"a": "b"}, PlainHTTP: true},
		{URL: "http://localhost", Headers: map[string]string{"a": "b"}}, {URL: "https://u:p@c/v1/metrics?key=1"},
	} {
		if err := cfg.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhereMetricsGo(t *testing.T) {
	for base, want := range map[string]string{
		"http://c": "http://c/v1/metrics", "http://c/": "http://c/v1/metrics", "http://c/v1/metrics": "http://c/v1/metrics", "http://c/v1/metrics/": "http://c/v1/metrics",
		"http://p:9090/api/v1/otlp": "http://p:9090/api/v1/otlp/v1/metrics", "http://c/x?k=v": "http://c/x/v1/metrics?k=v",
	} {
		if got := otlp.MetricsURL(base); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
	if got := otlp.SolarWindsURL("eu-01"); got != "https://otel.collector.eu-01.cloud.solarwinds.com/v1/metrics" {
		t.Error(got)
	}
}
