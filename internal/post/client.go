package post

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
)

// maxReply bounds how much of a reply is read.
const maxReply = 1 << 20

// Config says how requests are made. All but Client, TLS, Gzip and Attach has to be set.
type Config struct {
	Sink        string // what sends, the first word of errors
	Method, URL string
	Shown       string // the URL for people, without what is secret in it
	UserAgent   string
	ContentType string
	Gzip        bool // compress bodies
	Timeout     time.Duration

	// Client sends them; by default one of their own, without a proxy, to which TLS belongs. Redirects are never followed, whatever it says of
	// them, for they would take credentials elsewhere.
	Client *http.Client
	TLS    *tls.Config

	// Attach adds to a request what is the user's: headers, credentials. It is a function so that printing a Config shows none of them.
	Attach func(*http.Request)
	// Scrub takes secrets out of what others say, see [Scrubber].
	Scrub *strings.Replacer

	// Telling reports whether only the body of a reply of this status tells what was refused: without all of it the reply is none.
	Telling func(status int) bool
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	cfg  Config
	http *http.Client
}

// New makes a client of a Config that is right.
func New(cfg Config) *Client {
	c := &Client{cfg: cfg, http: &http.Client{}}
	if cfg.Client != nil {
		*c.http = *cfg.Client
	} else {
		c.http.Transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:     cfg.TLS,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		}
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Close gives back idle connections, unless the client is the user's.
func (c *Client) Close() {
	if c.cfg.Client == nil {
		c.http.CloseIdleConnections()
	}
}

// String is the method and where requests go, for people.
func (c *Client) String() string { return c.cfg.Method + " " + c.cfg.Shown }

// Shown is where requests go, for people.
func (c *Client) Shown() string { return c.cfg.Shown }

// Send sends one body. Its error asks for another try: there was no reply, or not the whole of one that matters.
func (c *Client) Send(ctx context.Context, body []byte) (*Reply, error) {
	within, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	r, err := c.exchange(within, body)
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case within.Err() != nil:
		err = fmt.Errorf("no answer within %v: %w", c.cfg.Timeout, within.Err())
	default:
		err = c.clean(err)
	}
	return nil, backend.Retry(fmt.Errorf("%s: %v: %w", c.cfg.Sink, c, err), 0)
}

func (c *Client) exchange(ctx context.Context, body []byte) (*Reply, error) {
	if c.cfg.Gzip {
		body = compress(body)
	}
	req, err := http.NewRequestWithContext(ctx, c.cfg.Method, c.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if c.cfg.Attach != nil {
		c.cfg.Attach(req)
	}
	req.Header.Set("Content-Type", c.cfg.ContentType)
	if c.cfg.Gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	r := &Reply{Status: res.StatusCode, Header: res.Header}
	r.Body, err = io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil && c.cfg.Telling(r.Status) { // of any other reply the status says enough
		return nil, fmt.Errorf("%d without the whole of its body: %w", r.Status, err)
	}
	return r, nil
}

// clean returns err without the request's URL and, should they be in it, secrets.
func (c *Client) clean(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	if text := err.Error(); c.cfg.Scrub.Replace(text) != text {
		return errors.New(c.cfg.Scrub.Replace(text))
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
