//go:build cgo && unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
