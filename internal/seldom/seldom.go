// Package seldom bounds how often something is logged, so that nothing that happens often can fill a disk.
package seldom

import "time"

// Line is one kind of log line. The zero Line was never written. Not safe for concurrent use.
type Line struct {
	at   time.Time // when it was last written
	told uint64    // the count then
}

// Due reports whether the line is to be written now: the first time, and when so much time has passed since it last was. count is
// how often there was reason to; since is how much of that is new.
func (l *Line) Due(count uint64, every time.Duration, now time.Time) (since uint64, due bool) {
	if !l.at.IsZero() && now.Sub(l.at) < every {
		return 0, false
	}
	since = l.Rest(count)
	*l = Line{now, count}
	return since, true
}

// Rest returns how much of count was not told of yet.
func (l *Line) Rest(count uint64) uint64 { return count - l.told }
