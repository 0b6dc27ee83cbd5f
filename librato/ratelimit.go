package librato

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limited reports whether the account is over its rate limit. Librato says so with 403 as well as with 429.
func (r *reply) limited() bool {
	if r.status != http.StatusForbidden {
		return r.status == http.StatusTooManyRequests
	}
	if r.header.Get("Retry-After") != "" {
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
func (r *reply) reset(now time.Time) time.Duration {
	if after := r.retryAfter(now); after > 0 {
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
	return r.until(exhausted, now)
}

// retryAfter is what the header Retry-After asks for, seconds or a date, 0 if it does not.
func (r *reply) retryAfter(now time.Time) time.Duration {
	h := strings.TrimSpace(r.header.Get("Retry-After"))
	if s, err := strconv.ParseUint(h, 10, 64); err == nil {
		return time.Duration(min(s, uint64(maxAge/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(h); err == nil {
		return r.until(t, now)
	}
	return 0
}

// until is the time left to t by the server's clock, if it told it, at most maxAge: what waits longer is lost anyway.
func (r *reply) until(t, now time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	if theirs, err := http.ParseTime(r.header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(t.Sub(now), 0), maxAge)
}

// limit is one of the account's rate limits.
type limit struct {
	remaining int64
	reset     time.Time
}

// limits reads the rate limit headers, each "limit=600000,remaining=599998,reset=1531370400" in any order. A header
// that is not of that form is passed over.
func (r *reply) limits() (ls []limit) {
	for _, name := range []string{"X-Librato-RateLimit-Agg", "X-Librato-RateLimit-Std"} {
		l := limit{remaining: 1}
		for _, field := range strings.Split(r.header.Get(name), ",") {
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
