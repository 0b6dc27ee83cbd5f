//go:build cgo && unix

package main

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// page scrapes.
func page(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", url, res.StatusCode, err)
	}
	return string(text)
}

func TestWhatIsSentIsScraped(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	p := start(t, nil, "prometheus", "--from", out, "--listen", "127.0.0.1:0", "--flush", "100ms", "--bounds", "seconds=0.1,1", "--level-label", "-", "--expire", "1h")
	url := "http://" + p.stderr.await(t, `prometheus: listening.* addr=(\S+)\n`)[1]
	for _, args := range [][]string{{"counter", "jobs", "2"}, {"timer", "db.query", "250ms"}, {"gauge", "depth", "17"}} {
		if status, _, stderr := result(t, nil, append([]string{"send", "--to", in, "--wait", "20s"}, args...)...); status != 0 {
			t.Fatalf("%q: status %d, %s", args, status, stderr)
		}
	}
	for _, want := range []string{
		"# TYPE jobs_total counter\njobs_total{source=\"zibrato\"} 2\n",
		"db_query_seconds_bucket{source=\"zibrato\",le=\"0.1\"} 0\n" +
			"db_query_seconds_bucket{source=\"zibrato\",le=\"1\"} 1\n" +
			"db_query_seconds_bucket{source=\"zibrato\",le=\"+Inf\"} 1\n" +
			"db_query_seconds_count{source=\"zibrato\"} 1\n" +
			"db_query_seconds_sum{source=\"zibrato\"} 0.25\n",
		"depth{source=\"zibrato\"} 17\n",
	} {
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			text := page(t, url+"/metrics")
			if strings.Contains(text, want) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no\n%s in\n%s", want, text)
			}
		}
	}
	if got := page(t, url+"/"); got != "/metrics\n" {
		t.Errorf("/ says %q", got)
	}
	p.endsSoon(t, syscall.SIGTERM)
}
