package librato_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/zibrato/zibrato/librato"
	"github.com/zibrato/zibrato/metric"
)

func ExampleNew() {
	// Anything that speaks Librato's API.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Measurements []json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			fmt.Println(err)
		}
		fmt.Println(r.Method, r.URL.Path)
		for _, m := range body.Measurements {
			fmt.Println(string(m))
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()

	sink := librato.New(librato.Config{URL: server.URL, User: "me@example.org", Token: "a token that may record"})
	defer sink.Close(context.Background())

	// A backend makes windows and writes them to its sinks: backend.Config{Sinks: []backend.Sink{sink}}.
	end := time.Now().Truncate(time.Minute)
	jobs := &metric.Series{Kind: metric.Counter, Level: metric.Info, Name: "jobs.done", Source: "orders"}
	window := &metric.Window{
		Start: end.Add(-time.Minute), End: end, Interval: time.Minute,
		Series: []metric.Aggregate{{Series: jobs, Count: 3, Sum: 12, IntSum: 12}},
	}
	if err := sink.Write(context.Background(), window); err != nil {
		fmt.Println(err)
	}
	// Output:
	// POST /v1/measurements
	// {"name":"jobs.done","tags":{"level":"info","source":"orders"},"attributes":{"summarize_function":"sum"},"value":12}
}

func ExampleConfig() {
	cfg := librato.Config{
		URL:         "https://metrics.example.org",
		User:        "me@example.org",
		Token:       "75fd2a",
		Prefix:      "prod.",
		Percentiles: []float64{95, 99.9},
		Interval:    time.Minute,
	}
	fmt.Printf("%+v\n", cfg)
	// Output:
	// librato.Config{URL: "https://metrics.example.org/v1/measurements", User: [redacted], Token: [redacted], BatchSize: 500, Gzip: false, Prefix: "prod.", Percentiles: [95 99.9], From: "", Levels: "", Interval: 1m0s}
}

func ExampleConfig_Validate() {
	fmt.Println(librato.Config{User: "me@example.org"}.Validate())
	fmt.Println(librato.Config{User: "me@example.org", Token: "75fd2a", URL: "http://metrics.example.org"}.Validate())
	// Output:
	// librato: config: Token: missing: want an API token that may record
	// librato: config: URL: http would show the token to the network on the way to metrics.example.org: use https, or set PlainHTTP
}
