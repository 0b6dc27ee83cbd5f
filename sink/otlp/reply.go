package otlp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

const (
	// maxSaying bounds how much of a receiver's words an error repeats, in bytes.
	maxSaying = 300
	// maxPause bounds what Retry-After may ask for.
	maxPause = time.Hour
)

// reply is what came back for a request.
type reply struct {
	status int
	header http.Header
	body   []byte // up to maxReply of it
}

// taken reports whether the request was accepted, if perhaps not all that was in it. A page of HTML is no reply of OTLP's but some other
// server's.
func (r *reply) taken() bool { return r.status/100 == 2 && !r.html() }

// unfit reports whether something in the request kept all of it from being accepted.
func (r *reply) unfit() bool {
	return r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge
}

// refusesDelta reports whether this is how Prometheus says, with status 500, that it takes cumulative sums only.
func (r *reply) refusesDelta() bool {
	return r.status == http.StatusInternalServerError && bytes.Contains(r.body, []byte("invalid temporality"))
}

// passing reports whether the same request may be accepted later.
func (r *reply) passing() bool {
	switch r.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return r.status/100 == 5 && !r.refusesDelta() || r.status/100 == 2 // some other server's page
}

// partial returns how many points a reply of success refuses all the same, and what it says.
func (r *reply) partial() (refused int64, said string) {
	if r.json() {
		var body struct {
			PartialSuccess struct {
				RejectedDataPoints json.RawMessage // a number, or as JSON has 64 bits in protobuf a string
				ErrorMessage       string
			}
		}
		if json.Unmarshal(r.body, &body) != nil {
			return 0, ""
		}
		text := strings.Trim(string(body.PartialSuccess.RejectedDataPoints), `"`)
		refused, _ = strconv.ParseInt(text, 10, 64)
		return max(refused, 0), body.PartialSuccess.ErrorMessage
	}
	var body collector.ExportMetricsServiceResponse
	if proto.Unmarshal(r.body, &body) != nil {
		return 0, "" // of a receiver that says something of its own
	}
	return max(body.GetPartialSuccess().GetRejectedDataPoints(), 0), body.GetPartialSuccess().GetErrorMessage()
}

// failure is the error of a reply that is neither taken nor unfit: another try, or nil where none can help.
func (c *client) failure(r *reply, now time.Time) error {
	if !r.passing() {
		return nil
	}
	what, after := "cannot take it now", r.retryAfter(now)
	switch {
	case r.status == http.StatusTooManyRequests:
		what = "too many requests"
	case r.html() && r.status/100 == 2:
		what, after = "not an OTLP receiver: check URL", max(after, time.Minute)
	}
	return backend.Retry(fmt.Errorf("%s: %s; the receiver says: %s", c.status(r), what, c.saying(r.message())), after)
}

func (c *client) status(r *reply) string {
	return strings.TrimSpace(fmt.Sprintf("otlp: POST %s: %d %s", c.shown, r.status, http.StatusText(r.status)))
}

// advice says what to check when trying again is no use.
func (c *client) advice(r *reply) string {
	switch {
	case r.refusesDelta():
		return "takes no delta: check Temporality"
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return "not allowed: check Headers"
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed:
		return "takes no OTLP at this path: check URL"
	case r.status == http.StatusUnsupportedMediaType:
		return "takes no protobuf: check URL and Gzip"
	case r.status/100 == 3:
		where := "elsewhere"
		if u, err := url.Parse(r.header.Get("Location")); err == nil && u.Host != "" {
			where = "to " + c.scrub.Replace(metric.LegalText(u.Host, maxSaying))
		}
		return "redirects " + where + ": check URL"
	}
	return "refused for good"
}

// saying is what the receiver says, fit for a log. Secrets go before it is cut: half of one is a secret, too.
func (c *client) saying(text string) string {
	return metric.LegalText(strings.TrimSpace(c.scrub.Replace(text)), maxSaying)
}

// message is what the body of a failure says: a google.rpc.Status, as protobuf or JSON, or text.
func (r *reply) message() string {
	body := bytes.TrimSpace(r.body) // of a protobuf the first byte may be a space: that is read whole
	switch {
	case len(body) == 0:
		return "nothing"
	case r.html():
		return "a page of HTML"
	case r.json():
		var status struct{ Message string }
		if json.Unmarshal(body, &status) == nil && status.Message != "" {
			return status.Message
		}
	case r.protobuf():
		if said, ok := statusMessage(r.body); ok {
			return said
		}
	}
	return string(body)
}

// statusMessage reads the message, field 2, of a google.rpc.Status.
func statusMessage(b []byte) (said string, ok bool) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return "", false
		}
		b = b[n:]
		if number == 2 && kind == protowire.BytesType {
			text, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return "", false
			}
			said, ok, b = string(text), true, b[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return "", false
		}
		b = b[n:]
	}
	return said, ok
}

// retryAfter is what the header Retry-After asks for, seconds or a date, 0 if it does not.
func (r *reply) retryAfter(now time.Time) time.Duration {
	h := strings.TrimSpace(r.header.Get("Retry-After"))
	if s, err := strconv.ParseUint(h, 10, 64); err == nil {
		return time.Duration(min(s, uint64(maxPause/time.Second))) * time.Second
	}
	t, err := http.ParseTime(h)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(r.header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(t.Sub(now), 0), maxPause)
}

func (r *reply) json() bool {
	return strings.HasPrefix(r.header.Get("Content-Type"), "application/json")
}

func (r *reply) protobuf() bool { return strings.Contains(r.header.Get("Content-Type"), "protobuf") }

func (r *reply) html() bool {
	return strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !r.protobuf() && bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<"))
}
