package real

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// VictoriaMetrics is a VictoriaMetrics server.
type VictoriaMetrics struct {
	*Server
	PromQL
	Graphite string // address that takes Graphite's lines, by TCP and UDP
}

// StartVictoriaMetrics starts VictoriaMetrics. scrape is a configuration as Prometheus has it, or empty.
func StartVictoriaMetrics(t testing.TB, scrape string) *VictoriaMetrics {
	t.Helper()
	path := systems(t, "victoria-metrics")
	v := &VictoriaMetrics{}
	v.Server = launch(t, "victoria-metrics", func(dir string) program {
		at := addr(t)
		v.PromQL, v.Graphite = PromQL{URL: "http://" + at}, addr(t)
		args := []string{
			"-storageDataPath=" + dir + "/data", "-httpListenAddr=" + at, "-graphiteListenAddr=" + v.Graphite,
			"-search.latencyOffset=0s", "-search.disableCache", "-memory.allowedBytes=64MB",
		}
		if strings.TrimSpace(scrape) != "" {
			args = append(args, "-promscrape.config="+write(t, dir, "scrape.yml", scrape))
		}
		return program{path: path, args: args, ready: answers(v.URL + "/health")}
	})
	return v
}

// Inserted waits until so many values have come in by all ways, and makes them visible to queries. A query before that finds nothing, and makes
// those of the next ten seconds find nothing either.
func (v *VictoriaMetrics) Inserted(t testing.TB, values int) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%d values in VictoriaMetrics", values), func() error {
		metrics, err := exposed(v.URL + "/metrics")
		if err != nil {
			return err
		}
		got := 0.0
		for name, value := range metrics {
			if strings.HasPrefix(name, "vm_rows_inserted_total{") {
				got += value
			}
		}
		if got < float64(values) {
			return fmt.Errorf("%v so far", got)
		}
		return nil
	})
	if _, err := Get(context.Background(), v.URL+"/internal/force_flush"); err != nil {
		t.Fatal(err)
	}
}
