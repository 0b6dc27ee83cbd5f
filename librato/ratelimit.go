package librato

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limited reports whether the account is over its rate limit. Librato says so with 403 as well as with 429.
func (r reply) limited() bool {
	if r.Status != http.StatusForbidden {
		return r.Status == http.StatusTooManyRequests
	}
	if r.Header.Get("Retry-After") != "" {
		return true
	}
	for _, l := range r.limits() {
		if l.remaining <= 0 {
			return true
		}
	}
	said := strings.ToLower(r.message())
	return strings.Contains(said, "rate limit") || strings.Contains(said, "rate-limit") || strings.Contains(said, "api limit")
}

// reset is how long to wait until the rate limit lets measurements through again, 0 if the reply does not say.
func (r reply) reset(now time.Time) time.Duration {
	if after := r.RetryAfter(now, maxAge); after > 0 {
		return after
	}
	var latest, exhausted time.Time
	for _, l := range r.limits() {
		if l.reset.After(latest) {
			latest = l.reset
		}
		if l.remaining <= 0 && l.reset.After(exhausted) {
			exhausted = l.reset
		}
	}
	if exhausted.IsZero() {
		exhausted = latest
	}
	return r.Until(exhausted, now, maxAge)
}

// limit is one of the account's rate limits.
type limit struct {
	remaining int64
	reset     time.Time
}

// limits reads the rate limit headers, each "limit=600000,remaining=599998,reset=1531370400" in any order. A header
// that is not of that form is passed over.
func (r reply) limits() (ls []limit) {
	for _, name := range []string{"X-Librato-RateLimit-Agg", "X-Librato-RateLimit-Std"} {
		l := limit{remaining: 1}
		for _, field := range strings.Split(r.Header.Get(name), ",") {
			key, value, _ := strings.Cut(field, "=")
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			if err != nil {
				continue
			}
			switch strings.TrimSpace(key) {
			case "remaining":
				l.remaining = n
			case "reset":
				l.reset = time.Unix(n, 0)
			}
		}
		if !l.reset.IsZero() {
			ls = append(ls, l)
		}
	}
	return ls
}
