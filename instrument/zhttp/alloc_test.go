//go:build !race

// The race detector allocates on its own.

package zhttp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestAllocationsOfAServersRequest(t *testing.T) {
	rec, off := zibratotest.New(t), zibrato.New(zibrato.Config{})
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	get, post := httptest.NewRequest("GET", "/", nil), httptest.NewRequest("POST", "/", strings.NewReader("x"))
	for _, test := range []struct {
		name  string
		scope *zibrato.Scope
		r     *http.Request
		want  float64
	}{{"unwatched", off.With(), post, 0}, {"without a body", rec.With(), get, 1}, {"with a body", rec.With(), post, 2}} {
		h := Handler(next, Config{Scope: test.scope})
		if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(theFull, test.r) }); n != test.want {
			t.Errorf("%s: %v allocations, want %v", test.name, n, test.want)
		}
	}
}

func TestAllocationsOfAClientsRequest(t *testing.T) {
	rec, off := zibratotest.New(t), zibrato.New(zibrato.Config{})
	body := &endless{}
	response := &http.Response{StatusCode: 200}
	next := roundTripper(func(*http.Request) (*http.Response, error) {
		response.Body = body
		return response, nil
	})
	get, _ := http.NewRequest("GET", "http://localhost/", nil)
	known, _ := http.NewRequest("POST", "http://localhost/", strings.NewReader("x"))
	unknown, _ := http.NewRequest("POST", "http://localhost/", io.MultiReader())
	for _, test := range []struct {
		name  string
		scope *zibrato.Scope
		r     *http.Request
		want  float64
	}{{"unwatched", off.With(), get, 0}, {"without a body", rec.With(), get, 1}, {"with a body", rec.With(), known, 1}, {"of unknown length", rec.With(), unknown, 3}} {
		client := Transport(next, Config{Scope: test.scope})
		n := testing.AllocsPerRun(1000, func() {
			resp, err := client.RoundTrip(test.r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		})
		if n != test.want {
			t.Errorf("%s: %v allocations, want %v", test.name, n, test.want)
		}
	}
}
