package librato

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/metric"
)

// maxSaying bounds how much of a server's words an error repeats, in bytes.
const maxSaying = 300

// reply is what came back for a request.
type reply struct {
	status int
	header http.Header
	body   []byte // up to maxReply of it
}

// taken reports whether the request was accepted, if perhaps not all that was in it. A page of HTML with status 200 is
// no reply of the API's but some other server's.
func (r *reply) taken() bool {
	return r.status/100 == 2 && !(r.status == http.StatusOK && r.html())
}

// unfit reports whether something in the request kept all of it from being accepted.
func (r *reply) unfit() bool {
	return r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusUnprocessableEntity
}

// failed finds the summary's count of refused measurements, wherever in the body it is: the documents do not show its
// place, and a body that was cut is no JSON.
var failed = regexp.MustCompile(`"failed"\s*:\s*(\d+)`)

// refused returns how many of n measurements a reply of success refuses all the same.
func (r *reply) refused(n int) int {
	told := 0
	if m := failed.FindSubmatch(r.body); m != nil {
		var err error
		if told, err = strconv.Atoi(string(m[1])); err != nil {
			told = n // so large a number that it is out of range
		}
	}
	return min(max(told, r.errors()), n)
}

// errors returns how many errors the body lists.
func (r *reply) errors() int {
	var body struct{ Errors any }
	if json.Unmarshal(r.body, &body) != nil {
		return 0
	}
	switch e := body.Errors.(type) {
	case []any:
		return len(e)
	case map[string]any:
		return min(len(e), 1)
	case string:
		return min(len(e), 1)
	}
	return 0
}

// failure is the error of a reply that is neither taken nor unfit.
func (c *client) failure(r *reply) error {
	said := fmt.Sprintf("librato: %s %s: %d %s", c.method, c.url, r.status, http.StatusText(r.status))
	tell := func(what string, after time.Duration) error {
		return backend.Retry(fmt.Errorf("%s: %s; the server says: %s", said, what, c.saying(r)), after)
	}
	switch {
	case r.limited():
		return tell("over the rate limit", r.reset(time.Now()))
	case r.status/100 == 5 || r.status == http.StatusRequestTimeout || r.status == http.StatusTooEarly:
		return tell("cannot take it now", r.retryAfter(time.Now()))
	}
	return tell(c.advice(r), max(setupPause, r.retryAfter(time.Now())))
}

// advice says what to check when something is set up wrongly.
func (c *client) advice(r *reply) string {
	switch {
	case r.status == http.StatusUnauthorized:
		return "wrong credentials, or the token is not active: check User and Token"
	case r.status == http.StatusForbidden:
		return "not allowed: check that Token may record, and that URL is https"
	case r.status == http.StatusNotFound:
		return "no such path: check URL and API"
	case r.status == http.StatusUnsupportedMediaType:
		return "takes no JSON: check URL and API"
	case r.status/100 == 3:
		where := "elsewhere"
		if u, err := url.Parse(r.header.Get("Location")); err == nil && u.Host != "" {
			where = c.scrub.Replace("to " + metric.LegalText(u.Host, maxSaying))
		}
		return "redirects " + where + ": check URL"
	}
	return "not Librato's API: check URL and API"
}

// saying is what the server says, fit for a log. Credentials go before it is cut: half of one is a secret, too.
func (c *client) saying(r *reply) string {
	return metric.LegalText(c.scrub.Replace(r.message()), maxSaying)
}

// message is what the body says.
func (r *reply) message() string {
	body := bytes.TrimSpace(r.body)
	if len(body) == 0 {
		return "nothing"
	}
	if r.html() {
		return "a page of HTML"
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	var parts []string
	if m, ok := v.(map[string]any); ok {
		for _, key := range []string{"errors", "error", "message"} {
			parts = sayings(parts, "", m[key], 0)
		}
	} else {
		parts = sayings(parts, "", v, 0)
	}
	if len(parts) == 0 {
		return string(body)
	}
	return strings.Join(parts, ", ")
}

// sayings appends the texts in a decoded JSON value, each after the keys that lead to it.
func sayings(to []string, path string, v any, depth int) []string {
	const deepest = 8
	if depth == deepest {
		return to
	}
	switch v := v.(type) {
	case nil:
	case []any:
		for _, e := range v {
			to = sayings(to, path, e, depth+1)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			to = sayings(to, strings.TrimPrefix(path+"."+k, "."), v[k], depth+1)
		}
	default:
		if path == "" {
			return append(to, fmt.Sprint(v))
		}
		return append(to, fmt.Sprint(path, ": ", v))
	}
	return to
}

func (r *reply) html() bool {
	return strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<"))
}
