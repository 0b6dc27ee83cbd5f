package zhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/instrument/zhttp"
	"github.com/zibrato/zibrato/metric"
)

// stdout is a sink that prints what this example wants to see.
type stdout struct{}

func (stdout) Write(_ context.Context, w *metric.Window) error {
	for _, s := range w.Series {
		if s.Name == "http.server.request.duration" {
			fmt.Println(s.Name, s.Tag("method"), s.Tag("route"), s.Tag("status"), s.Count)
		}
	}
	return nil
}

func (stdout) Close(context.Context) error { return nil }

// A whole program: a server whose requests are measured, and a backend within the process.
func Example() {
	rec := zibrato.New(zibrato.Config{}) // a program would take the default recorder, by the zero zhttp.Config
	defer rec.Close()
	b, err := backend.Start(backend.Config{From: backend.InProcess(rec), Interval: time.Minute, Sinks: []backend.Sink{stdout{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close() // flushes

	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "item", r.PathValue("id")) })
	server := httptest.NewServer(zhttp.Handler(mux, zhttp.Config{Scope: rec.With()})) // or http.ListenAndServe
	defer server.Close()

	for _, path := range []string{"/items/1", "/items/2", "/nothing"} {
		resp, err := http.Get(server.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
	}
	// Output:
	// http.server.request.duration GET /items/{id} 2xx 2
	// http.server.request.duration GET other 4xx 1
}

func ExampleHandler() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	measured := zhttp.Handler(hello, zhttp.Config{}) // on the default recorder
	w := httptest.NewRecorder()
	measured.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Body)
	// Output: hello
}

func ExampleTransport() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client := &http.Client{Transport: zhttp.Transport(nil, zhttp.Config{Route: func(r *http.Request) string {
		return "billing" // what is called, not which URL of it
	}})}
	resp, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 404 Not Found
}

func ExampleConfig() {
	api := zibrato.With(zibrato.Tag("listener", "public"), zibrato.AtLevel(zibrato.LevelWarning))
	measured := zhttp.Handler(http.NotFoundHandler(), zhttp.Config{
		Scope: api,
		Route: func(r *http.Request) string { return r.Header.Get("X-Matched-Route") }, // of another router
	})
	w := httptest.NewRecorder()
	measured.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code)
	// Output: 404
}
