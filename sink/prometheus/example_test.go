package prometheus_test

import (
	"bufio"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/prometheus"
)

// A program that is scraped itself: no ZeroMQ, no cgo, nothing beside it.
func Example() {
	rec := zibrato.New(zibrato.Config{Source: "orders"}) // a program takes zibrato.Default() as a rule
	defer rec.Close()
	sink, err := prometheus.New(prometheus.Config{Bounds: map[string][]float64{"seconds": {0.01, 0.025, 0.05}}}) // for those without native histograms
	if err != nil {
		log.Fatal(err)
	}
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Second, Sinks: []backend.Sink{sink}})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", sink)
	server := httptest.NewServer(mux) // http.ListenAndServe("127.0.0.1:9464", mux)
	defer server.Close()

	rec.Inc("jobs.done")
	rec.Observe("db.query", 30*time.Millisecond)
	if err := b.Close(); err != nil { // or wait a second for the first window
		log.Fatal(err)
	}

	page, err := http.Get(server.URL + "/metrics")
	if err != nil {
		log.Fatal(err)
	}
	defer page.Body.Close()
	for lines := bufio.NewScanner(page.Body); lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, "jobs_done") || strings.HasPrefix(line, "db_query") {
			fmt.Println(line)
		}
	}
	// Output:
	// db_query_seconds_bucket{level="info",source="orders",le="0.01"} 0
	// db_query_seconds_bucket{level="info",source="orders",le="0.025"} 0
	// db_query_seconds_bucket{level="info",source="orders",le="0.05"} 1
	// db_query_seconds_bucket{level="info",source="orders",le="+Inf"} 1
	// db_query_seconds_count{level="info",source="orders"} 1
	// db_query_seconds_sum{level="info",source="orders"} 0.03
	// jobs_done_total{level="info",source="orders"} 1
}
