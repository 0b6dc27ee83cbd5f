package librato

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

// client sends requests. It holds the credentials where printing it does not show them.
type client struct {
	http      *http.Client
	own       bool // http is not the user's
	method    string
	url       string // without credentials
	timeout   time.Duration
	gzip      bool
	authorise func(*http.Request)
	scrub     *strings.Replacer
}

// newClient makes the client of a valid cfg.
func newClient(cfg Config) *client {
	e, _ := cfg.endpoint()
	c := &client{
		method:    http.MethodPost,
		url:       e.url,
		timeout:   cfg.Timeout,
		gzip:      cfg.Gzip,
		authorise: func(r *http.Request) { r.SetBasicAuth(e.user, e.token) },
		scrub:     e.scrubber(),
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if cfg.Client != nil {
		mine := *cfg.Client
		c.http = &mine
	} else {
		c.own = true
		c.http = &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
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

// send sends one body. Its error asks for another try: there was no reply, or not the whole of one that matters.
func (c *client) send(ctx context.Context, body []byte) (*reply, error) {
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
	return nil, backend.Retry(fmt.Errorf("librato: %s %s: %w", c.method, c.url, err), 0)
}

func (c *client) exchange(ctx context.Context, body []byte) (*reply, error) {
	if c.gzip {
		body = compress(body)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if c.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	c.authorise(req)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	r := &reply{status: res.StatusCode, header: res.Header}
	r.body, err = io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil && r.status == http.StatusAccepted {
		// Only the body tells what was refused. Of any other reply the status says enough.
		return nil, fmt.Errorf("202 without the whole of its body: %w", err)
	}
	return r, nil
}

// clean returns err without the request's URL and, should they be in it, the credentials.
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
	w := gzip.NewWriter(&z)
	w.Write(b) // into memory: cannot fail
	w.Close()
	return z.Bytes()
}

// userAgent follows the form that Librato's own clients have: name/version (lang; langversion; platform).
var userAgent = fmt.Sprintf("zibrato/%s (go; %s; %s-%s)", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)

// version is that of this module in the program at hand, "devel" where the build does not tell.
func version() string {
	const module = "github.com/zibrato/zibrato"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" && m.Version != "(devel)" {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "devel"
}
