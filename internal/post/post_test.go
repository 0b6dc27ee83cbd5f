package post_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/post"
)

const secret = "p4ss/word+1"

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func config(answer http.RoundTripper) post.Config {
	return post.Config{
		Sink: "there", Method: http.MethodPost, URL: "http://host.example/in?key=" + secret, Shown: "http://host.example/in",
		UserAgent: "agent/1", ContentType: "text/plain", Timeout: time.Minute, Client: &http.Client{Transport: answer},
		Scrub: post.Scrubber(secret), Telling: func(status int) bool { return status == http.StatusAccepted },
	}
}

func TestARequestIsWhatWasAskedFor(t *testing.T) {
	for _, zipped := range []bool{false, true} {
		var body, wrong string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			in := io.Reader(r.Body)
			if r.Header.Get("Content-Encoding") == "gzip" {
				in, _ = gzip.NewReader(r.Body)
			}
			b, err := io.ReadAll(in)
			if body = string(b); err != nil {
				wrong = err.Error()
			}
			if h := r.Header; r.Method != http.MethodPut || h.Get("User-Agent") != "mine/2" || h.Get("Content-Type") != "text/plain" || (h.Get("Content-Encoding") == "gzip") != zipped {
				wrong = fmt.Sprint(r.Method, h)
			}
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, "short")
		}))
		cfg := config(nil)
		cfg.Client, cfg.URL, cfg.Method, cfg.Gzip = nil, server.URL, http.MethodPut, zipped
		cfg.Attach = func(r *http.Request) {
			r.Header.Set("User-Agent", "mine/2")
			r.Header.Set("Content-Type", "theirs")
		}
		c := post.New(cfg)
		r, err := c.Send(t.Context(), []byte("the body"))
		if err != nil || r.Status != http.StatusTeapot || string(r.Body) != "short" || body != "the body" || wrong != "" {
			t.Errorf("%+v, %v; the server read %q and says %s", r, err, body, wrong)
		}
		c.Close()
		server.Close()
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the body was taken elsewhere") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusPermanentRedirect))
	defer server.Close()
	cfg := config(nil)
	cfg.Client, cfg.URL = server.Client(), server.URL
	c := post.New(cfg)
	r, err := c.Send(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Redirect(r), "redirects to "+strings.TrimPrefix(elsewhere.URL, "http://"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWithoutAReplyAnotherTryIsAskedFor(t *testing.T) {
	cut := func(status int) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader("ha"), failing{})), Request: r}, nil
		}
	}
	for _, c := range []struct {
		name   string
		answer roundTripper
		says   string // "": no error
	}{
		{"a failure that quotes all", func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("no way to %s", r.URL) }, "no way to http://host.example/in?key=[redacted]"},
		{"half a body that tells", cut(http.StatusAccepted), "202 without the whole of its body: broken off"},
		{"half a body that does not matter", cut(http.StatusOK), ""},
	} {
		_, err := post.New(config(c.answer)).Send(t.Context(), nil)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if _, again := backend.RetryAfter(err); !again || err.Error() != "there: POST http://host.example/in: "+c.says {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken off") }

func TestASilentServerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c, begin := post.New(config(silent)), time.Now()
		_, err := c.Send(t.Context(), nil)
		if took := time.Since(begin); took != time.Minute || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer within 1m0s") {
			t.Errorf("after %v: %v", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Send(ctx, nil); strings.Contains(err.Error(), "no answer") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("of the caller's own end it says %v", err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"17", "", 17 * time.Second},
		{" 17 ", "", 17 * time.Second},
		{"-17", "", 0},
		{"soon", "", 0},
		{"7200", "", time.Hour},
		{"18446744073709551615", "", time.Hour},
		{"Sun, 01 Mar 2026 12:01:30 GMT", "", 90 * time.Second},
		{"Sun, 01 Mar 2026 11:01:30 GMT", "", 0},
		{"Sun, 01 Mar 2026 13:01:30 GMT", "Sun, 01 Mar 2026 13:01:00 GMT", 30 * time.Second},
		{"Mon, 02 Mar 2026 13:01:30 GMT", "", time.Hour},
	} {
		r := &post.Reply{Header: http.Header{"Retry-After": {c.after}, "Date": {c.date}}}
		if got := r.RetryAfter(now, time.Hour); got != c.want {
			t.Errorf("%q at %q: %v, want %v", c.after, c.date, got, c.want)
		}
	}
}

func TestSecretsAreTakenOutBeforeATextIsCut(t *testing.T) {
	c := post.New(config(nil))
	said := c.Saying(strings.Repeat("x", 296) + secret)
	if strings.Contains(said, secret[:4]) {
		t.Errorf("half of the secret is left of %q", said)
	}
	text := "as is " + secret + ", p4ss%2Fword%2B1, p4ss%2Fword+1, cDRzcy93b3JkKzE="
	if got, want := c.Saying(text), "as is [redacted], [redacted], [redacted], [redacted]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := post.Scrubber("1", "").Replace("101"); got != "101" {
		t.Errorf("what is no secret was taken out: %q", got)
	}
}

func TestURLs(t *testing.T) {
	for raw, want := range map[string]string{
		"https://host/in":               "",
		"http://127.0.0.1:80/in":        "",
		"http://[::1]/in":               "",
		"http://localhost/in":           "",
		"http://host/in":                "URL: http would show the key to the network on the way to host: use https, or set PlainHTTP",
		"http://127.0.0.1.example/in":   "URL: http would show the key to the network on the way to 127.0.0.1.example: use https, or set PlainHTTP",
		"https://me:pw@host:x y/":       "URL: cannot be parsed: want https://host",
		"ftp://me:pw@host":              "URL: want https://host",
		"host/in":                       "URL: want https://host",
		"https://host/in#here":          "URL: holds a fragment: want https://host",
		"http://me:pw@host.example:80/": "URL: http would show the key to the network on the way to host.example:80: use https, or set PlainHTTP",
	} {
		u, err := post.ParseURL(raw, "https://host")
		if err == nil {
			err = post.Hidden(u, "the key")
		}
		if got := fmt.Sprint(err); got != want && !(want == "" && err == nil) {
			t.Errorf("%s: %s, want %q", raw, got, want)
		}
	}
}

func TestRefusalsAreCountedAndTheFirstReasonsTold(t *testing.T) {
	var r post.Refusals
	if err := r.Rejection("there"); err != nil {
		t.Error(err)
	}
	for i, reason := range []string{"a", "b", "a", "c", "d"} {
		r.Add(i, reason)
	}
	err := r.Rejection("there")
	if n, ok := backend.Rejected(err); !ok || n != 10 || err.Error() != "10 series refused: there: a; b; c" {
		t.Errorf("%d: %v", n, err)
	}
}
