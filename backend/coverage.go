package backend

import (
	"time"

	"github.com/zibrato/zibrato/backend/store"
	"github.com/zibrato/zibrato/metric"
)

// leveled is a source that knows which levels it brings; none means all, and so does a source that does not know. With Config.Dir a level
// that is brought for the first time, or again after a run without it, is counted from that start on.
type leveled interface{ Levels() metric.Levels }

// continued returns the coverage of a run that listens to these levels, after one with that coverage.
func continued(c store.Coverage, levels metric.Levels, now time.Time) store.Coverage {
	rest := c.Rest
	if rest.IsZero() {
		rest = now
	}
	if len(levels) == 0 {
		return store.Coverage{Rest: rest, Levels: c.Levels}
	}
	own := store.Coverage{Levels: make(map[metric.Level]time.Time, len(levels))}
	for _, l := range levels {
		if since, ok := c.Levels[l]; ok {
			own.Levels[l] = since
		} else {
			own.Levels[l] = rest
		}
	}
	return own
}

// covered returns since when series of a recorder that was not heard of before count from zero. One that started before another which was
// forgotten may be that one, come back.
func (f *fold) covered(l metric.Level, start, now time.Time) time.Time {
	since, ok := f.coverage.Levels[l]
	if !ok {
		since = f.coverage.Rest
	}
	if since.IsZero() { // nobody asked for it
		since = now
	}
	if !start.After(f.forgotten.Start) && since.Before(f.forgotten.Birth) {
		since = f.forgotten.Birth
	}
	return since
}

// forget notes that a recorder's totals are known no more. Should it come back, it must not be counted from zero; those that started later may
// be. How long its messages were on the way, and so how old it seems, varies by less than the time that it was silent.
func (f *fold) forget(s *stream) {
	if start := s.start.Add(f.expire); f.forgotten.Start.Before(start) {
		f.forgotten.Start = start
	}
	if birth := s.heard.Add(f.expire); f.forgotten.Birth.Before(birth) {
		f.forgotten.Birth = birth
	}
}
