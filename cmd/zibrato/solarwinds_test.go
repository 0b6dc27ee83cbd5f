//go:build cgo && unix

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/sink/otlp"
)

// What SolarWinds documents of its OTLP endpoint: https://otel.collector.<data centre>.cloud.solarwinds.com, TLS on port 443, metrics at
// /v1/metrics, and a token as Authorization: Bearer. A server of ours in its place says what it was asked.
func TestSolarWindsIsAskedAsItsDocumentsSay(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		asked <- fmt.Sprint(r.Method, " https://", r.Host, r.URL, " to ", r.TLS.ServerName, "\n",
			r.Header.Get("Authorization"), "\n", r.Header.Get("Content-Type"), "\n", strings.Contains(string(body), "jobs.done"), " ", err)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("t0ken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := otlpCmd{SolarWinds: "na-01", TokenFile: token, Repeat: time.Minute, MaxSeries: 10}
	cfg, err := c.config(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var dialled string
	cfg.Client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialled = addr
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the certificate is not SolarWinds'
	}}
	s := otlp.New(cfg)
	defer s.Close(t.Context())
	now := time.Now()
	if err := s.Write(t.Context(), &metric.Window{Start: now.Add(-time.Second), End: now, Interval: time.Second, Series: []metric.Aggregate{{
		Series: &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "jobs.done"}, Count: 1, Sum: 5, IntSum: 5,
	}}}); err != nil {
		t.Fatal(err)
	}
	const want = "POST https://otel.collector.na-01.cloud.solarwinds.com/v1/metrics to otel.collector.na-01.cloud.solarwinds.com\n" +
		"Bearer t0ken\napplication/x-protobuf\ntrue <nil>"
	if got := <-asked; got != want || dialled != "otel.collector.na-01.cloud.solarwinds.com:443" {
		t.Errorf("dialled %s, asked %s\nwant %s", dialled, got, want)
	}
}
