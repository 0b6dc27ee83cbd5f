package librato_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
)

// annotated is the service's side of annotations, as its documents describe it.
type annotated struct {
	mu     sync.Mutex
	events []map[string]any // the id is the index, and 1
	answer http.HandlerFunc // instead of all this
	bare   bool             // answers without a body
}

var annotationPath = regexp.MustCompile(`^/v1/annotations/([A-Za-z0-9.:\-_]{1,255})(?:/([0-9]+))?$`)

func (s *annotated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(status int, param, why string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":{"params":{%q:[%q]}}}`, param, why)
	}
	m := annotationPath.FindStringSubmatch(r.URL.Path)
	var event map[string]any
	body, _ := io.ReadAll(r.Body)
	err := json.Unmarshal(body, &event)
	switch u, t, _ := r.BasicAuth(); {
	case s.answer != nil:
		s.answer(w, r)
	case u != user || t != token:
		http.Error(w, `{"errors":{"request":["Authorization Required"]}}`, http.StatusUnauthorized)
	case m == nil:
		http.Error(w, `{"errors":{"request":["Not Found"]}}`, http.StatusNotFound)
	case r.Header.Get("Content-Type") != "application/json" || err != nil:
		refuse(http.StatusBadRequest, "body", "is no JSON")
	case r.Method == http.MethodPost && m[2] == "":
		if title, _ := event["title"].(string); title == "" {
			refuse(http.StatusBadRequest, "title", "is not present")
			return
		}
		event["stream"] = m[1]
		s.events = append(s.events, event)
		event["id"] = len(s.events)
		w.Header().Set("Location", fmt.Sprintf("/v1/annotations/%s/%d", m[1], len(s.events)))
		w.WriteHeader(http.StatusCreated)
		if !s.bare {
			json.NewEncoder(w).Encode(event)
		}
	case r.Method == http.MethodPut && m[2] != "":
		id, _ := strconv.Atoi(m[2])
		if id < 1 || id > len(s.events) || s.events[id-1]["stream"] != m[1] {
			refuse(http.StatusNotFound, "id", "is unknown")
			return
		}
		for k, v := range event {
			s.events[id-1][k] = v
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func annotating(t *testing.T) (*annotated, librato.Config) {
	s := &annotated{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, librato.Config{User: user, Token: token, URL: server.URL}
}

func TestAnnotationsArrive(t *testing.T) {
	s, cfg := annotating(t)
	start := time.Unix(1772366400, 999)
	for i, bare := range []bool{false, true} { // the id is in the body, or where Location points
		s.bare = bare
		id, err := librato.Annotate(t.Context(), cfg, librato.Annotation{
			Stream: "deploys", Title: "v1.2.3 “owl”", Source: "web1", Description: "all of it", Start: start,
			Links: []librato.Link{{Rel: "github", Href: "https://example.org/v1.2.3", Label: "the tag"}, {Rel: "ci", Href: "http://ci.example.org/?b=1"}},
		})
		if err != nil || id != int64(i+1) {
			t.Fatalf("%d, %v", id, err)
		}
	}
	if err := librato.EndAnnotation(t.Context(), cfg, "deploys", 1, start.Add(90*time.Second)); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(s.events[0])
	const want = `{"description":"all of it","end_time":1772366490,"id":1,"links":[{"href":"https://example.org/v1.2.3","label":"the tag","rel":"github"},` +
		`{"href":"http://ci.example.org/?b=1","rel":"ci"}],"source":"web1","start_time":1772366400,"stream":"deploys","title":"v1.2.3 “owl”"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := librato.Annotate(t.Context(), cfg, librato.Annotation{Stream: "a:b", Title: "t"}); err != nil {
		t.Error(err)
	}
	if got, _ := json.Marshal(s.events[2]); string(got) != `{"id":3,"stream":"a:b","title":"t"}` {
		t.Errorf("%s", got)
	}
}

func TestAnnotationsThatTheServiceRefuses(t *testing.T) {
	s, cfg := annotating(t)
	a := librato.Annotation{Stream: "deploys", Title: "t"}
	for want, answer := range map[string]http.HandlerFunc{
		"refuses the annotation: params.title: is too long": says(400, `{"errors":{"params":{"title":["is too long"]}}}`),
		"401 Unauthorized: wrong credentials":               echo(401, ""),
		"429 Too Many Requests: over the rate limit":        echo(429, ""),
		"503 Service Unavailable: cannot take it now":       echo(503, ""),
		"did not say its id":                                says(201, `{}`),
		"a page of HTML":                                    says(200, "<html>", "Content-Type", "text/html"),
	} {
		s.answer = answer
		_, err := librato.Annotate(t.Context(), cfg, a)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
			continue
		}
		checkSecret(t, want, fmt.Sprintf("%v %+v", err, err))
	}
	s.answer = nil
	if err := librato.EndAnnotation(t.Context(), cfg, "deploys", 7, time.Now()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v", err)
	}
	cfg.Token = "another"
	if _, err := librato.Annotate(t.Context(), cfg, a); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := librato.Annotate(ctx, cfg, a); err == nil {
		t.Error("an ended context is no error")
	} else if _, again := backend.RetryAfter(err); !again {
		t.Errorf("%v", err)
	}
	if len(s.events) > 0 {
		t.Errorf("%v arrived", s.events)
	}
}

func TestAnnotationsThatCannotBe(t *testing.T) {
	now := time.Now()
	cfg := librato.Config{User: user, Token: token, URL: "http://127.0.0.1:1"}
	link := librato.Link{Rel: "a", Href: "https://example.org"}
	for want, a := range map[string]librato.Annotation{
		"Stream":            {Title: "t"},
		`Stream: "a b"`:     {Stream: "a b", Title: "t"},
		"Title: missing":    {Stream: "s"},
		"Title: want up to": {Stream: "s", Title: strings.Repeat("t", 1025)},
		"Source":            {Stream: "s", Title: "t", Source: "a/b"},
		"Description":       {Stream: "s", Title: "t", Description: "\xff"},
		"is before Start":   {Stream: "s", Title: "t", Start: now, End: now.Add(-time.Second)},
		"Rel":               {Stream: "s", Title: "t", Links: []librato.Link{link, link}},
		"Href":              {Stream: "s", Title: "t", Links: []librato.Link{{Rel: "a", Href: "/v1"}}},
	} {
		if _, err := librato.Annotate(t.Context(), cfg, a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error that says %s", a, err, want)
		}
	}
	for want, err := range map[string]error{
		"Stream": librato.EndAnnotation(t.Context(), cfg, "", 1, now),
		"id":     librato.EndAnnotation(t.Context(), cfg, "s", 0, now),
		"End":    librato.EndAnnotation(t.Context(), cfg, "s", 1, time.Time{}),
		"Token":  librato.EndAnnotation(t.Context(), librato.Config{User: user}, "s", 1, now),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %s", err, want)
		}
	}
}
