package otlp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/post"
)

// maxPause bounds what Retry-After may ask for.
const maxPause = time.Hour

// reply is what the receiver said to a request.
type reply struct{ *post.Reply }

// taken reports whether the request was accepted, if perhaps not all that was in it. A page of HTML is no reply of OTLP's but some other
// server's.
func (r reply) taken() bool { return r.Status/100 == 2 && !r.HTML() }

// unfit reports whether something in the request kept all of it from being accepted.
func (r reply) unfit() bool {
	return r.Status == http.StatusBadRequest || r.Status == http.StatusRequestEntityTooLarge
}

// refusesDelta reports whether this is how Prometheus says, with status 500, that it takes cumulative sums only.
func (r reply) refusesDelta() bool {
	return r.Status == http.StatusInternalServerError && bytes.Contains(r.Body, []byte("invalid temporality"))
}

// passing reports whether the same request may be accepted later.
func (r reply) passing() bool {
	switch r.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return r.Status/100 == 5 && !r.refusesDelta() || r.Status/100 == 2 // some other server's page
}

// partial returns how many points a reply of success refuses all the same, and what it says.
func (r reply) partial() (refused int64, said string) {
	if r.Is("application/json") {
		var body struct {
			PartialSuccess struct {
				RejectedDataPoints json.RawMessage // a number, or as JSON has 64 bits in protobuf a string
				ErrorMessage       string
			}
		}
		if json.Unmarshal(r.Body, &body) != nil {
			return 0, ""
		}
		text := strings.Trim(string(body.PartialSuccess.RejectedDataPoints), `"`)
		refused, _ = strconv.ParseInt(text, 10, 64)
		return max(refused, 0), body.PartialSuccess.ErrorMessage
	}
	var body collector.ExportMetricsServiceResponse
	if proto.Unmarshal(r.Body, &body) != nil {
		return 0, "" // of a receiver that says something of its own
	}
	return max(body.GetPartialSuccess().GetRejectedDataPoints(), 0), body.GetPartialSuccess().GetErrorMessage()
}

// failure is the error of a reply that is neither taken nor unfit: another try, or nil where none can help.
func (r reply) failure(c *post.Client, now time.Time) error {
	if !r.passing() {
		return nil
	}
	what, after := "cannot take it now", r.RetryAfter(now, maxPause)
	switch {
	case r.Status == http.StatusTooManyRequests:
		what = "too many requests"
	case r.HTML() && r.Status/100 == 2:
		what, after = "not an OTLP receiver: check URL", max(after, time.Minute)
	}
	return backend.Retry(fmt.Errorf("otlp: %s: %s; the receiver says: %s", c.Status(r.Reply), what, c.Saying(r.message())), after)
}

// advice says what to check when trying again is no use.
func (r reply) advice(c *post.Client) string {
	switch {
	case r.refusesDelta():
		return "takes no delta: check Temporality"
	case r.Status == http.StatusUnauthorized, r.Status == http.StatusForbidden:
		return "not allowed: check Headers"
	case r.Status == http.StatusNotFound, r.Status == http.StatusMethodNotAllowed:
		return "takes no OTLP at this path: check URL"
	case r.Status == http.StatusUnsupportedMediaType:
		return "takes no protobuf: check URL and Gzip"
	case r.Status/100 == 3:
		return c.Redirect(r.Reply) + ": check URL"
	}
	return "refused for good"
}

// message is what the body of a failure says: a google.rpc.Status, as protobuf or JSON, or text.
func (r reply) message() string {
	body := bytes.TrimSpace(r.Body) // of a protobuf the first byte may be a space: that is read whole
	switch {
	case len(body) == 0:
		return "nothing"
	case r.HTML():
		return "a page of HTML"
	case r.Is("application/json"):
		var status struct{ Message string }
		if json.Unmarshal(body, &status) == nil && status.Message != "" {
			return status.Message
		}
	case r.Is("protobuf"):
		if said, ok := statusMessage(r.Body); ok {
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
