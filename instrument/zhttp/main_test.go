package zhttp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a real server, with HTTP/2 if it is to be, and returns its URL and a client of it.
func serve(t testing.TB, h http.Handler, http2 bool) (url string, client *http.Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet
	if http2 {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.URL, s.Client()
}

// measured serves with a handler that is measured.
func measured(t testing.TB, h http.Handler) (rec *zibratotest.Recorder, url string, client *http.Client) {
	t.Helper()
	rec = zibratotest.New(t)
	url, client = serve(t, Handler(h, Config{Scope: rec.With()}), false)
	return rec, url, client
}

func send(t testing.TB, client *http.Client, method, url string, body io.Reader) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// settled waits until no request is under way: a server's request ends some time after its client has the response.
func settled(t testing.TB, rec *zibratotest.Recorder, side string, requests uint64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		n, active := rec.Calls(side+".request.duration"), rec.Sum(side+".active_requests")
		if n == requests && active == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d requests ended and %v are under way, want %d and none", n, active, requests)
		}
	}
}

// tags are those of the only series of a name.
func tags(t testing.TB, rec *zibratotest.Recorder, name string) (method, route, status string) {
	t.Helper()
	var found []*metric.Series
	for _, s := range rec.Series() {
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d series %s, want 1: %v", len(found), name, found)
	}
	return found[0].Tag("method"), found[0].Tag("route"), found[0].Tag("status")
}
