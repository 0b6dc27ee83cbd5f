package librato_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/zibrato/zibrato/librato"
)

// speaking stands for anything that speaks Librato's API.
func speaking() (cfg librato.Config, end func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.Method, r.URL.Path, string(body))
		w.Header().Set("Location", "/v1/annotations/deploys/7")
		w.WriteHeader(http.StatusCreated)
	}))
	return librato.Config{User: "me@example.org", Token: "75fd2a", URL: server.URL}, server.Close
}

func ExampleAnnotate() {
	cfg, end := speaking()
	defer end()
	id, err := librato.Annotate(context.Background(), cfg, librato.Annotation{
		Stream: "deploys", Title: "v1.2.3", Source: "web1", Start: time.Unix(1772366400, 0),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id)
	// Output:
	// POST /v1/annotations/deploys {"title":"v1.2.3","source":"web1","start_time":1772366400}
	// 7
}

func ExampleEndAnnotation() {
	cfg, end := speaking()
	defer end()
	if err := librato.EndAnnotation(context.Background(), cfg, "deploys", 7, time.Unix(1772366490, 0)); err != nil {
		log.Fatal(err)
	}
	// Output: PUT /v1/annotations/deploys/7 {"end_time":1772366490}
}

func ExampleAnnotation() {
	outage := librato.Annotation{Stream: "outages", Title: "no orders", Start: time.Unix(1772366400, 0), End: time.Unix(1772366700, 0)}
	fmt.Println(outage.End.Sub(outage.Start))
	// Output: 5m0s
}

func ExampleLink() {
	cfg, end := speaking()
	defer end()
	_, err := librato.Annotate(context.Background(), cfg, librato.Annotation{
		Stream: "deploys", Title: "v1.2.3", Links: []librato.Link{{Rel: "github", Href: "https://example.org/v1.2.3", Label: "what changed"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: POST /v1/annotations/deploys {"title":"v1.2.3","links":[{"rel":"github","href":"https://example.org/v1.2.3","label":"what changed"}]}
}
