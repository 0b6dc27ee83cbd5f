package backend

import "time"

// quiet bounds how often something is logged: at once when it is news, else once a minute. News that never ends is let
// through once a second. Not safe for concurrent use.
type quiet struct {
	said     string
	at       time.Time
	unlogged int
}

// say reports whether the message is to be logged now, and how many were not since the last that was.
func (q *quiet) say(msg string, now time.Time) (unlogged int, ok bool) {
	least := time.Minute
	if msg != q.said {
		least = time.Second
	}
	if !q.at.IsZero() && now.Sub(q.at) < least {
		q.unlogged++
		return 0, false
	}
	unlogged = q.unlogged
	*q = quiet{said: msg, at: now}
	return unlogged, true
}
