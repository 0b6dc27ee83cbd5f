package demo

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/cmd/zibrato/internal/search"
)

// library starts a server over two small files.
func library(t *testing.T) *httptest.Server {
	t.Helper()
	var b search.Builder
	b.Add("net/http/server.go", []byte("package http\n\nfunc ListenAndServe(addr string) error {\n"))
	b.Add("net/dial.go", []byte("package net\n\nfunc Listen(network, addr string) (Listener, error) {\n"))
	s := httptest.NewServer((&server{index: b.Index()}).handler())
	t.Cleanup(s.Close)
	return s
}

// fetch gets a path, asking for gzip by hand as our own client does.
func fetch(t *testing.T, s *httptest.Server, path, encoding string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", encoding)
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body io.Reader = resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(resp.Body); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}

func TestServerAnswersSearchesCompressedIfWanted(t *testing.T) {
	s := library(t)
	for _, encoding := range []string{"gzip", "identity"} {
		resp, body := fetch(t, s, "/search?n=5&q="+url.QueryEscape(`"listen and" addr`), encoding)
		if packed := resp.Header.Get("Content-Encoding") == "gzip"; resp.StatusCode != http.StatusOK || packed != (encoding == "gzip") {
			t.Errorf("%s: status %s, Content-Encoding %q", encoding, resp.Status, resp.Header.Get("Content-Encoding"))
		}
		var a answer
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatal(err)
		}
		if a.Total != 1 || len(a.Results) != 1 || a.Results[0].Path != "net/http/server.go" || a.Results[0].Snippet.Line != 3 {
			t.Errorf("%s: answer %+v", encoding, a)
		}
	}
}

func TestServerAnswersWithTheStatusThatFits(t *testing.T) {
	s := library(t)
	for path, want := range map[string]int{
		"/search?n=5&q=listen":     http.StatusOK,
		"/search?n=5&q=nowhere":    http.StatusOK,
		"/search?n=5&q=!=":         http.StatusBadRequest,
		"/search?q=listen":         http.StatusBadRequest,
		"/file?path=net/dial.go":   http.StatusOK,
		"/file?path=../etc/passwd": http.StatusNotFound,
		"/":                        http.StatusNotFound,
	} {
		if resp, body := fetch(t, s, path, "gzip"); resp.StatusCode != want {
			t.Errorf("%s: %s (%s), want %d", path, resp.Status, body, want)
		}
	}
}

func TestServerHandsOutFiles(t *testing.T) {
	resp, body := fetch(t, library(t), "/file?path=net/dial.go", "gzip")
	if !strings.HasPrefix(string(body), "package net\n") || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%s %q", resp.Header.Get("Content-Type"), body)
	}
}
