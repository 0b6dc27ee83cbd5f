package real

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// StatsdExporter is Prometheus' statsd_exporter.
type StatsdExporter struct {
	*Server
	Addr string // takes StatsD's lines, by UDP and TCP
	URL  string
}

// StartStatsdExporter starts statsd_exporter; args are further flags.
func StartStatsdExporter(t testing.TB, args ...string) *StatsdExporter {
	t.Helper()
	path := ours(t, "bin", "statsd_exporter")
	e := &StatsdExporter{}
	e.Server = launch(t, "statsd_exporter", func(string) program {
		web := addr(t)
		e.Addr, e.URL = addr(t), "http://"+web
		return program{
			path:  path,
			args:  append([]string{"--statsd.listen-udp=" + e.Addr, "--statsd.listen-tcp=" + e.Addr, "--web.listen-address=" + web}, args...),
			ready: answers(e.URL + "/metrics"),
		}
	})
	return e
}

// Metrics returns what it exposes now, by name and labels as they stand in the text.
func (e *StatsdExporter) Metrics(t testing.TB) map[string]float64 {
	t.Helper()
	metrics, err := exposed(e.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// exposed reads the text form of a scrape endpoint.
func exposed(url string) (map[string]float64, error) {
	body, err := Get(context.Background(), url)
	if err != nil {
		return nil, err
	}
	metrics := map[string]float64{}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		metrics[line[:max(at, 0)]] = value
	}
	return metrics, nil
}
