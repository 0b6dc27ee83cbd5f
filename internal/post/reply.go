package post

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// maxSaying bounds how much of a server's words an error repeats, in bytes.
const maxSaying = 300

// Reply is what came back for a request.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte // up to 1 MiB of it
}

// Is reports whether the reply says that its body is of a type that holds this word, as json.
func (r *Reply) Is(word string) bool { return strings.Contains(r.Header.Get("Content-Type"), word) }

// HTML reports whether the reply is a page for people, which no API that takes measurements sends.
func (r *Reply) HTML() bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || !r.Is("protobuf") && bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<"))
}

// RetryAfter is what the header of that name asks for, seconds or a date, at most longest; 0 if it does not.
func (r *Reply) RetryAfter(now time.Time, longest time.Duration) time.Duration {
	h := strings.TrimSpace(r.Header.Get("Retry-After"))
	if s, err := strconv.ParseUint(h, 10, 64); err == nil {
		return min(time.Duration(min(s, uint64(longest/time.Second)))*time.Second, longest)
	}
	if t, err := http.ParseTime(h); err == nil {
		return r.Until(t, now, longest)
	}
	return 0
}

// Until is the time left to t by the server's clock, if it told it, else by this one, which says now. It is at most longest, and 0 for no time.
func (r *Reply) Until(t, now time.Time, longest time.Duration) time.Duration {
	if t.IsZero() {
		return 0
	}
	if theirs, err := http.ParseTime(r.Header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(t.Sub(now), 0), longest)
}

// Status says what was asked and with which status it was answered.
func (c *Client) Status(r *Reply) string {
	return strings.TrimSpace(fmt.Sprintf("%v: %d %s", c, r.Status, http.StatusText(r.Status)))
}

// Saying is a text of the server's, fit for a log. Secrets go before it is cut: half of one is a secret, too.
func (c *Client) Saying(text string) string {
	return metric.LegalText(strings.TrimSpace(c.cfg.Scrub.Replace(text)), maxSaying)
}

// Redirect says where a reply of 3xx leads, no more than the host.
func (c *Client) Redirect(r *Reply) string {
	if u, err := url.Parse(r.Header.Get("Location")); err == nil && u.Host != "" {
		return "redirects to " + c.Saying(u.Host)
	}
	return "redirects elsewhere"
}
