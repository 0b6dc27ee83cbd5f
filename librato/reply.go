package librato

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/post"
)

// reply is what the service said to a request.
type reply struct{ *post.Reply }

// taken reports whether the request was accepted, if perhaps not all that was in it. A page of HTML with status 200 is
// no reply of the API's but some other server's.
func (r reply) taken() bool {
	return r.Status/100 == 2 && !(r.Status == http.StatusOK && r.HTML())
}

// unfit reports whether something in the request kept all of it from being accepted.
func (r reply) unfit() bool {
	return r.Status == http.StatusBadRequest || r.Status == http.StatusRequestEntityTooLarge || r.Status == http.StatusUnprocessableEntity
}

// failed finds the summary's count of refused measurements, wherever in the body it is: the documents do not show its
// place, and a body that was cut is no JSON.
var failed = regexp.MustCompile(`"failed"\s*:\s*(\d+)`)

// refused returns how many of n measurements a reply of success refuses all the same.
func (r reply) refused(n int) int {
	told := 0
	if m := failed.FindSubmatch(r.Body); m != nil {
		var err error
		if told, err = strconv.Atoi(string(m[1])); err != nil {
			told = n // so large a number that it is out of range
		}
	}
	return min(max(told, r.errors()), n)
}

// errors returns how many errors the body lists.
func (r reply) errors() int {
	var body struct{ Errors any }
	if json.Unmarshal(r.Body, &body) != nil {
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
func (r reply) failure(c *post.Client) error {
	tell := func(what string, after time.Duration) error {
		return backend.Retry(fmt.Errorf("librato: %s: %s; the server says: %s", c.Status(r.Reply), what, c.Saying(r.message())), after)
	}
	switch {
	case r.limited():
		return tell("over the rate limit", r.reset(time.Now()))
	case r.Status/100 == 5 || r.Status == http.StatusRequestTimeout || r.Status == http.StatusTooEarly:
		return tell("cannot take it now", r.RetryAfter(time.Now(), maxAge))
	}
	return tell(r.advice(c), max(setupPause, r.RetryAfter(time.Now(), maxAge)))
}

// advice says what to check when something is set up wrongly.
func (r reply) advice(c *post.Client) string {
	switch {
	case r.Status == http.StatusUnauthorized:
		return "wrong credentials, or the token is not active: check User and Token"
	case r.Status == http.StatusForbidden:
		return "not allowed: check that Token may record, and that URL is https"
	case r.Status == http.StatusNotFound:
		return "no such path: check URL and API"
	case r.Status == http.StatusUnsupportedMediaType:
		return "takes no JSON: check URL and API"
	case r.Status/100 == 3:
		return c.Redirect(r.Reply) + ": check URL"
	}
	return "not Librato's API: check URL and API"
}

// message is what the body says.
func (r reply) message() string {
	body := bytes.TrimSpace(r.Body)
	if len(body) == 0 {
		return "nothing"
	}
	if r.HTML() {
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
