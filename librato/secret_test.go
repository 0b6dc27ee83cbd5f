package librato_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/librato"
)

// forms are the looks that the credentials could have in a text.
var forms = []string{
	token[:8], token, url.QueryEscape(token), url.PathEscape(token), user, url.QueryEscape(user),
	base64.StdEncoding.EncodeToString([]byte(user + ":" + token)),
}

func checkSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, f := range forms {
		if strings.Contains(text, f) {
			t.Errorf("%s tells %s: %.500s", what, f, text)
		}
	}
}

// echo answers with all that was sent, as a debugging server does.
func echo(status int, before string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		w.Header().Set("Location", "https://"+url.UserPassword(u, p).String()+"@"+"elsewhere.example/"+p)
		w.WriteHeader(status)
		fmt.Fprintf(w, "%s %s %s %s %s", before, p, u, url.QueryEscape(p), r.Header.Get("Authorization"))
	}
}

func TestErrorsAndLogsHoldNoCredentials(t *testing.T) {
	broken := errors.New("proxy refused " + forms[len(forms)-1])
	for name, client := range map[string]func(f *fake) http.RoundTripper{
		"a transport's error": func(*fake) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("%w for %s", broken, r.Header) })
		},
		"400":                        answering(echo(400, "")),
		"400 in JSON":                answering(says(400, fmt.Sprintf(`{"errors":{"params":{"%s":["%s"]}}}`, token, user))),
		"200 with refusals":          answering(says(200, fmt.Sprintf(`{"errors":[{"who":"%s"},"%s"]}`, token, user))),
		"202 with refusals":          answering(echo(202, `{"failed":1} `)),
		"401":                        answering(echo(401, "")),
		"403":                        answering(echo(403, "rate limit")),
		"404":                        answering(echo(404, "")),
		"429":                        answering(echo(429, "")),
		"500":                        answering(echo(500, "")),
		"500, cut in a token":        answering(echo(500, strings.Repeat("x", 300-len(token)))),
		"301":                        answering(echo(301, "")),
		"301 to a host of that name": answering(says(301, "", "Location", "https://"+user+"."+base64.StdEncoding.EncodeToString([]byte(user+":"+token))+"/")),
	} {
		for _, inURL := range []bool{false, true} {
			f := newFake(t)
			var log bytes.Buffer
			cfg := librato.Config{User: user, Token: token, URL: "https://host", Client: &http.Client{Transport: client(f)},
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
			if inURL {
				cfg.User, cfg.Token = "", ""
				cfg.URL = "https://" + url.UserPassword(user, token).String() + "@host"
			}
			s := newSink(t, cfg)
			err := s.Write(context.Background(), window(counter("c", 1), counter("C", 1)))
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			checkSecret(t, name+": the error", fmt.Sprintf("%v %+v %#v", err, err, err))
			for e := err; e != nil; e = errors.Unwrap(e) {
				checkSecret(t, name+": the error inside", e.Error())
			}
			checkSecret(t, name+": the log", log.String())
			checkSecret(t, name+": the sink", fmt.Sprintf("%v %+v %#v", s, s, s))
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(h http.HandlerFunc) func(*fake) http.RoundTripper {
	return func(f *fake) http.RoundTripper {
		f.always = h
		return f
	}
}

func TestAConfigPrintsWithoutCredentials(t *testing.T) {
	for _, cfg := range []librato.Config{
		{User: user, Token: token},
		{URL: "https://" + url.UserPassword(user, token).String() + "@host/x"},
		{User: user, Token: token, URL: "https://" + url.User(token).String() + "@host/?" + token},
		{User: user, Token: token, URL: "ftp://" + token + "@host"},
		{User: user, Token: token, URL: "https://host:" + token},
		{User: user, Token: token + "\n"},
		{User: user + ":" + token, Token: token},
	} {
		text := fmt.Sprintf("%v %+v %#v %s %q %d %x %t", cfg, cfg, cfg, cfg, cfg, cfg, cfg, cfg)
		text += fmt.Sprintf("%v %+v %#v", &cfg, struct{ C librato.Config }{cfg}, []librato.Config{cfg})
		text += cfg.String()
		j, err := json.Marshal(map[string]any{"config": cfg})
		if err != nil {
			t.Error(err)
		}
		text += string(j)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "cfg", cfg, "nested", struct{ C librato.Config }{cfg})
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "cfg", cfg, "nested", struct{ C librato.Config }{cfg})
		checkSecret(t, "the config", text+log.String())
		if v := slog.AnyValue(cfg).Resolve(); v.Kind() != slog.KindString {
			t.Errorf("slog sees a %v", v.Kind())
		}
		if err := cfg.Validate(); err != nil {
			checkSecret(t, "Validate", err.Error())
		}
	}
}

// Whatever the user's client would do, a redirect does not take the credentials or the measurements elsewhere.
func TestASinkIsNamedByItsAddressWithoutCredentials(t *testing.T) {
	s := librato.New(librato.Config{URL: "https://" + url.UserPassword(user, token).String() + "@host"})
	if got, want := fmt.Sprint(s), "librato https://host/v1/measurements"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		visited := false
		elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			visited = true
			io.Copy(io.Discard, r.Body)
		}))
		here := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		for _, client := range []*http.Client{nil, {Transport: &http.Transport{DisableKeepAlives: true}}} {
			s := newSink(t, librato.Config{User: user, Token: token, URL: here.URL, Client: client})
			err := s.Write(context.Background(), window(counter("c", 1)))
			if err == nil || visited {
				t.Errorf("%d: followed is %v: %v", status, visited, err)
			}
			if client != nil && client.CheckRedirect != nil {
				t.Error("the user's client was changed")
			}
		}
		here.Close()
		elsewhere.Close()
	}
}
