package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
)

// maxReply bounds how much of a reply is read.
const maxReply = 1 << 20

// client sends requests. It holds secrets where printing it does not show them.
type client struct {
	http    *http.Client
	own     bool // http is not the user's
	url     string
	shown   string // the URL for people
	timeout time.Duration
	gzip    bool
	attach  func(*http.Request) // headers and credentials
	scrub   *strings.Replacer
}

// newClient makes the client of a valid cfg.
func newClient(cfg Config) *client {
	e, _ := cfg.endpoint()
	headers := make(http.Header, len(cfg.Headers))
	for k, v := range cfg.Headers {
		headers.Set(k, v)
	}
	c := &client{
		url: e.url, shown: withoutQuery(e.url), timeout: cfg.Timeout, gzip: cfg.Gzip, scrub: cfg.scrubber(e),
		attach: func(r *http.Request) {
			if e.user+e.password != "" {
				r.SetBasicAuth(e.user, e.password)
			}
			for k, v := range headers {
				r.Header[k] = v
			}
			if host := headers.Get("Host"); host != "" {
				r.Host = host
			}
		},
	}
	if cfg.Client != nil {
		mine := *cfg.Client
		c.http = &mine
	} else {
		c.own = true
		c.http = &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:     cfg.TLS,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		}}
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

func (c *client) close() {
	if c.own {
		c.http.CloseIdleConnections()
	}
}

// post sends one body. Its error asks for another try: there was no reply, or not the whole of one that matters.
func (c *client) post(ctx context.Context, body []byte) (*reply, error) {
	within, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := c.exchange(within, body)
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case within.Err() != nil:
		err = fmt.Errorf("no answer within %v: %w", c.timeout, within.Err())
	default:
		err = c.clean(err)
	}
	return nil, backend.Retry(fmt.Errorf("otlp: POST %s: %w", c.shown, err), 0)
}

func (c *client) exchange(ctx context.Context, body []byte) (*reply, error) {
	if c.gzip {
		body = compress(body)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	c.attach(req)
	req.Header.Set("Content-Type", "application/x-protobuf")
	if c.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	r := &reply{status: res.StatusCode, header: res.Header}
	r.body, err = io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil && r.status/100 == 2 {
		// Only the body tells what was refused. Of any other reply the status says enough.
		return nil, fmt.Errorf("%d without the whole of its body: %w", r.status, err)
	}
	return r, nil
}

// clean returns err without the request's URL and, should they be in it, secrets.
func (c *client) clean(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if text := err.Error(); c.scrub.Replace(text) != text {
		return errors.New(c.scrub.Replace(text))
	}
	return err
}

func compress(b []byte) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestSpeed) // the level exists
	w.Write(b)                                      // into memory: cannot fail
	w.Close()
	return z.Bytes()
}

// userAgent has the form that OTLP asks of exporters.
var userAgent = fmt.Sprintf("OTel-OTLP-Exporter-Zibrato/%s (%s; %s-%s)", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)

// version is that of this module in the program at hand, "devel" where the build does not tell.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == "github.com/zibrato/zibrato/sink/otlp" && m.Version != "" && m.Version != "(devel)" {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "devel"
}
