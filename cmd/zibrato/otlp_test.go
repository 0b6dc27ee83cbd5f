//go:build cgo && unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zibrato/zibrato/sink/otlp"
)

// A receiver hears of a measurement, under the names that the environment and the flags say.
func TestMeasurementsReachAnOTLPReceiver(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Contains(body, []byte("jobs.done")) {
			return
		}
		what := fmt.Sprintf("%s a=%s b=%s c=%s auth=%s", r.URL.Path, r.Header.Get("A"), r.Header.Get("B"), r.Header.Get("C"), r.Header.Get("Authorization"))
		for _, attribute := range []string{"shop", "prod", "lane"} {
			what += fmt.Sprintf(" %s=%v", attribute, bytes.Contains(body, []byte(attribute)))
		}
		select {
		case arrived <- what:
		default:
		}
	}))
	defer receiver.Close()
	dir := t.TempDir()
	headers, token := filepath.Join(dir, "headers"), filepath.Join(dir, "token")
	for path, text := range map[string]string{headers: "# ours\nb=file\nc = file\n", token: "t0ken\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, in, out := forward(t)
	env := []string{
		"OTEL_SERVICE_NAME=shop", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1",
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_HEADERS=a=env,c=env",
	}
	p := start(t, env, "otlp", "--from", out, "--flush", "100ms", "--endpoint", receiver.URL+"/base", "--headers-file", headers, "--header", "C=flag",
		"--token-file", token, "--resource", "deployment.environment.name=prod,x=y")
	send(t, in, "counter", "jobs.done", "5", "--source", "lane")
	want := "/base/v1/metrics a=env b=file c=flag auth=Bearer t0ken shop=true prod=true lane=true"
	if got := <-arrived; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	p.endsSoon(t, syscall.SIGTERM)
	if said := p.stderr.String(); strings.Contains(said, "t0ken") {
		t.Errorf("the token is in the log: %s", said)
	}
}

func TestTheEnvironmentOfOTLPIsCheckedToo(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318", "OTEL_EXPORTER_OTLP_COMPRESSION": "zip", "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "s3cret",
	} {
		status, _, stderr := result(t, []string{variable + "=" + value}, "otlp")
		if status != 2 || !strings.Contains(stderr, variable) || strings.Contains(stderr, "s3cret") {
			t.Errorf("%s: status %d: %s", variable, status, stderr)
		}
	}
}

// What a file leaves open, OpenTelemetry's variables say; Zibrato's own, which stand for flags, say nothing to it.
func TestAFileWinsOverTheEnvironmentOfOTLP(t *testing.T) {
	for variable, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS": "a=env,b=env%2C1", "OTEL_EXPORTER_OTLP_TIMEOUT": "3000",
		"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
		"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "x=env,y=env", "ZIBRATO_ENDPOINT": "http://127.0.0.1:2", "ZIBRATO_TIMEOUT": "7s",
	} {
		t.Setenv(variable, value)
	}
	file, _ := configured(t, `
sinks:
  open: {kind: otlp}
  said: {kind: otlp, endpoint: "http://127.0.0.1:3", header: [b=file], timeout: 5s, gzip: false, temporality: cumulative, resource: {y: file, service.name: till}}
`)
	p, err := readPlan(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []otlp.Config{
		{
			URL: "http://127.0.0.1:1/v1/metrics", Headers: map[string]string{"A": "env", "B": "env,1"}, Timeout: 3 * time.Second, Gzip: true,
			Temporality: otlp.Delta, Resource: map[string]string{"x": "env", "y": "env", "service.name": "shop"},
		},
		{
			URL: "http://127.0.0.1:3/v1/metrics", Headers: map[string]string{"A": "env", "B": "file"}, Timeout: 5 * time.Second, Gzip: false,
			Temporality: otlp.Cumulative, Resource: map[string]string{"x": "env", "y": "file", "service.name": "till"},
		},
	} {
		c, err := p.sinks[i].command.(*otlpCmd).config(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		got := otlp.Config{URL: c.URL, Headers: c.Headers, Timeout: c.Timeout, Gzip: c.Gzip, Temporality: c.Temporality, Resource: c.Resource}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", p.sinks[i].name, diff)
		}
	}

	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3s")
	_, err = readPlan(file, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), file+":3: sinks.open: OTEL_EXPORTER_OTLP_TIMEOUT: ") {
		t.Errorf("a variable that cannot be read: %v", err)
	}
}
