package zhttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

var quiet = log.New(io.Discard, "", 0)

// shop is a program's routes.
func shop() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "item "+r.PathValue("id")) })
	mux.HandleFunc("POST /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		w.Write(bytes.Repeat([]byte("x"), int(n)*2))
	})
	mux.HandleFunc("/teapot", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "short and stout", http.StatusTeapot) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/odd", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(700) })
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusInternalServerError) // too late
	})
	mux.HandleFunc("/flushed", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		w.WriteHeader(http.StatusInternalServerError) // too late
	})
	mux.HandleFunc("/gateway", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.Copy(w, iotest.ErrReader(errTest)); err != nil { // nothing was sent yet
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	mux.HandleFunc("PUT \t /spaced/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/old", http.RedirectHandler("/silent", http.StatusMovedPermanently))
	return mux
}

func TestRequestsAreToldApartByMethodRouteAndStatus(t *testing.T) {
	for _, test := range []struct {
		method, path, body     string
		asMethod, route, class string
	}{
		{"GET", "/items/17", "", "GET", "/items/{id}", "2xx"},
		{"HEAD", "/items/17", "", "HEAD", "/items/{id}", "2xx"},
		{"POST", "/items/17", "hello", "POST", "/items/{id}", "2xx"},
		{"GET", "/teapot", "", "GET", "/teapot", "4xx"},
		{"PATCH", "/broken", "", "PATCH", "/broken", "5xx"},
		{"GET", "/odd", "", "GET", "/odd", "other"},
		{"GET", "/silent", "", "GET", "/silent", "2xx"},
		{"GET", "/early", "", "GET", "/early", "2xx"},
		{"GET", "/flushed", "", "GET", "/flushed", "2xx"},
		{"GET", "/gateway", "", "GET", "/gateway", "5xx"},
		{"PUT", "/spaced/1", "", "PUT", "/spaced/{id}", "2xx"},
		{"OPTIONS", "/old", "", "OPTIONS", "/old", "3xx"},
		{"BREW", "/teapot", "", "other", "/teapot", "4xx"},
		{"get", "/teapot", "", "other", "/teapot", "4xx"},
		{"DELETE", "/items/17", "", "DELETE", "other", "4xx"},
		{"GET", "/", "", "GET", "other", "4xx"},
	} {
		t.Run(test.method+test.path, func(t *testing.T) {
			rec, url, client := measured(t, shop())
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			_, text := send(t, client, test.method, url+test.path, strings.NewReader(test.body))
			settled(t, rec, "http.server", 1)
			for _, name := range []string{"http.server.request.duration", "http.server.request.body.size", "http.server.response.body.size"} {
				method, route, class := tags(t, rec, name)
				if method != test.asMethod || route != test.route || class != test.class {
					t.Errorf("%s: %s %s %s, want %s %s %s", name, method, route, class, test.asMethod, test.route, test.class)
				}
			}
			if in := rec.Sum("http.server.request.body.size"); in != float64(len(test.body)) {
				t.Errorf("a request of %v bytes, want %d", in, len(test.body))
			}
			if out := rec.Sum("http.server.response.body.size"); out != float64(len(text)) {
				t.Errorf("a response of %v bytes, want %d", out, len(text))
			}
		})
	}
}

func TestAClientCannotMakeSeries(t *testing.T) {
	rec := zibratotest.New(t)
	mux := shop()
	mux.HandleFunc("/{user}/", func(http.ResponseWriter, *http.Request) {})
	h := Handler(mux, Config{Scope: rec.With()})
	for i := range 200 {
		name := strings.Repeat("x", i+1)
		for _, r := range []*http.Request{
			httptest.NewRequest("M"+name, "/items/"+name, nil),
			httptest.NewRequest("GET", "/"+name, nil), // redirected to /name/
			httptest.NewRequest("GET", "/"+name+"/../"+name, nil),
			httptest.NewRequest("CONNECT", "/"+name, nil), // whose pattern is then the path that was sent
			httptest.NewRequest("CONNECT", "//"+name, nil),
		} {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	routes := map[string]bool{}
	for _, s := range rec.Series() {
		routes[s.Tag("route")] = true
	}
	if len(routes) > 4 || len(rec.Series()) > 20 {
		t.Errorf("%d series with routes %v", len(rec.Series()), routes)
	}
}

func TestRoutesOfTheUsers(t *testing.T) {
	rec := zibratotest.New(t)
	h := Handler(shop(), Config{Scope: rec.With(), Route: func(r *http.Request) string {
		if r.Pattern == "/silent" {
			return ""
		}
		return "mine: " + r.Pattern
	}})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/items/17", strings.NewReader("x")))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/silent", nil))
	for _, route := range []string{"mine: POST /items/{id}", "other"} {
		if n := rec.Calls("http.server.request.duration", zibratotest.Tag("route", route)); n != 1 {
			t.Errorf("%d requests of route %q, want 1", n, route)
		}
	}
}

func TestTheHandlerOfAPatternKnowsIt(t *testing.T) {
	rec := zibratotest.New(t)
	mux := http.NewServeMux()
	mux.Handle("PUT /a/{b}", Handler(http.NotFoundHandler(), Config{Scope: rec.With()}))
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/a/7", strings.NewReader("x")))
	if _, route, _ := tags(t, rec, "http.server.request.duration"); route != "/a/{b}" {
		t.Errorf("route %q", route)
	}
}

func TestRequestsUnderWayAreCounted(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	rec, url, client := measured(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	}))
	const n = 3
	done := make(chan struct{})
	for range n {
		go func() {
			send(t, client, "GET", url, nil)
			done <- struct{}{}
		}()
	}
	for range n {
		<-entered
	}
	if active := rec.Sum("http.server.active_requests"); active != n {
		t.Errorf("%v under way, want %d", active, n)
	}
	close(leave)
	for range n {
		<-done
	}
	settled(t, rec, "http.server", n)
}

func TestARequestLastsUntilTheHandlerReturns(t *testing.T) {
	const takes = 20 * time.Millisecond
	rec, url, client := measured(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(takes) }))
	begun := time.Now()
	send(t, client, "GET", url, nil)
	settled(t, rec, "http.server", 1)
	took := time.Since(begun)
	if d := rec.Durations("http.server.request.duration"); d[0] < takes-time.Millisecond || d[0] > took {
		t.Errorf("%v, want %v to %v", d[0], takes, took)
	}
}

func TestPanicsPassAndAreRecorded(t *testing.T) {
	fault := errors.New("fault")
	for _, value := range []any{http.ErrAbortHandler, fault} {
		rec := zibratotest.New(t)
		h := Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "half")
			panic(value)
		}), Config{Scope: rec.With()})
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("recovered %v, want %v", got, value)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}()
		if _, _, status := tags(t, rec, "http.server.request.duration"); status != "panic" {
			t.Errorf("status %q", status)
		}
		if active := rec.Sum("http.server.active_requests"); active != 0 {
			t.Errorf("%v are under way for ever", active)
		}
		url, client := serve(t, h, false)
		if resp, err := client.Get(url); err == nil {
			if _, err = io.ReadAll(resp.Body); err == nil {
				t.Error("the client does not see that the handler panicked")
			}
			resp.Body.Close()
		}
	}
}

func TestWhileNobodyWatchesNothingIsWrapped(t *testing.T) {
	quiet := zibrato.New(zibrato.Config{}) // nothing consumes it
	var gotW http.ResponseWriter
	var gotR *http.Request
	h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { gotW, gotR = w, r }), Config{Scope: quiet.With()})
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("x"))
	h.ServeHTTP(w, r)
	if gotW != w || gotR != r {
		t.Errorf("the handler got %T and %p, want %T and %p", gotW, gotR, w, r)
	}
}

func TestARequestThatBeganUnwatchedIsLeftOut(t *testing.T) {
	r := zibrato.New(zibrato.Config{})
	defer r.Close()
	entered, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	h := Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-leave
	}), Config{Scope: r.With()})
	go func() {
		defer close(left)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}()
	<-entered
	tap, err := r.Attach(func(b *metric.Batch) {
		for _, e := range b.Entries {
			if strings.HasPrefix(e.Series.Name, "http.") && e.After.Count != 0 {
				t.Errorf("%v has %d calls", e.Series, e.After.Count)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tap.Watch(func(zibrato.Level) bool { return true }, nil)
	close(leave)
	<-left
	if err := tap.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
