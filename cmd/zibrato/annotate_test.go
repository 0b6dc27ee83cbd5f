//go:build cgo && unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnnotateMarksADeployAndItsEnd(t *testing.T) {
	t.Parallel()
	requests := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u, token, _ := r.BasicAuth()
		requests <- fmt.Sprint(r.Method, " ", r.URL.Path, " ", u, " ", token, " ", string(body))
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if strings.Contains(string(body), "refused") {
			http.Error(w, `{"errors":{"params":{"title":["is refused"]}}}`, http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":1234}`)
	}))
	defer server.Close()
	env := []string{"LIBRATO_USER=me", "LIBRATO_TOKEN=x", "ZIBRATO_URL=" + server.URL}
	for _, test := range []struct {
		request, stdout string
		args            []string
	}{
		{`POST /v1/annotations/deploys me x {"title":"v1.2.3"}`, "1234\n", []string{"deploys", "v1.2.3"}},
		{
			`POST /v1/annotations/deploys me x {"title":"v1.2.3","source":"web1","description":"all of it","start_time":1772366400,"end_time":1772366490,` +
				`"links":[{"rel":"ci","href":"https://ci.example.org/?a=1;b=2"},{"rel":"github","href":"https://example.org"}]}`, "1234\n",
			[]string{"deploys", "v1.2.3", "--source", "web1", "--description", "all of it", "--start", "2026-03-01T12:00:00Z", "--end", "1772366490",
				"--link", "github=https://example.org", "--link", "ci=https://ci.example.org/?a=1;b=2"},
		},
		{`PUT /v1/annotations/deploys/1234 me x {"end_time":1772366490}`, "", []string{"deploys", "--id", "1234", "--end", "1772366490"}},
	} {
		status, stdout, stderr := result(t, env, append([]string{"annotate"}, test.args...)...)
		if status != 0 || stdout != test.stdout || stderr != "" {
			t.Errorf("%q: status %d, %q, %q", test.args, status, stdout, stderr)
			continue
		}
		if got := <-requests; got != test.request {
			t.Errorf("%q:\ngot  %s\nwant %s", test.args, got, test.request)
		}
	}
	status, _, stderr := result(t, env, "annotate", "deploys", "refused")
	if status != 1 || !strings.Contains(stderr, "title: is refused") {
		t.Errorf("status %d, %q", status, stderr)
	}
	oneLine(t, stderr, "annotate")
}
