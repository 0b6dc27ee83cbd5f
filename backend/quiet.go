package backend

import (
	"time"

	"github.com/zibrato/zibrato/internal/seldom"
)

// quiet bounds how often something is logged: at once when it is news, else once a minute. News that never ends is let
// through once a second. Not safe for concurrent use.
type quiet struct {
	line seldom.Line
	said string
	n    uint64
}

// say reports whether the message is to be logged now, and how many were not since the last that was.
func (q *quiet) say(msg string, now time.Time) (unlogged uint64, ok bool) {
	every := time.Minute
	if msg != q.said {
		every = time.Second
	}
	q.n++
	since, ok := q.line.Due(q.n, every, now)
	if !ok {
		return 0, false
	}
	q.said = msg
	return since - 1, true
}
