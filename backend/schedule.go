package backend

import "time"

// schedule cuts wall time into windows that end at multiples of the interval since 1970. A window ends when the clock has
// reached its end, and the next begins no earlier: no time is in two windows, whatever the clock does. When it is set
// forward, or the machine slept, the time between is in no window; when it is set back, the open window stays open until the clock
// has made up for it.
type schedule struct {
	interval   time.Duration
	start, end time.Time // of the open window
}

// newSchedule begins with a window from that time, which may be shorter than the interval.
func newSchedule(interval time.Duration, from time.Time) *schedule {
	s := &schedule{interval: interval, start: from.Round(0)}
	s.end = s.floor(from).Add(interval)
	return s
}

func (s *schedule) floor(t time.Time) time.Time {
	ns := t.UnixNano()
	past := ns % int64(s.interval)
	if past < 0 {
		past += int64(s.interval)
	}
	return time.Unix(0, ns-past)
}

// wait is how long to sleep before asking next. It never exceeds the interval, lest a step of the clock goes unseen for longer.
func (s *schedule) wait(now time.Time) time.Duration {
	return min(s.end.Sub(now.Round(0)), s.interval)
}

// behind is how far the clock is before the open window, as it is only after it was set back.
func (s *schedule) behind(now time.Time) time.Duration { return max(s.start.Sub(now.Round(0)), 0) }

// next opens the next window if the clock has reached the end of the open one, and returns the bounds of that.
func (s *schedule) next(now time.Time) (start, end time.Time, ok bool) {
	if now = now.Round(0); now.Before(s.end) {
		return start, end, false
	}
	start, end = s.start, s.end
	s.start = s.floor(now)
	if s.start.Before(end) { // as after a start with another interval than before
		s.start = end
	}
	s.end = s.floor(now).Add(s.interval)
	return start, end, true
}

// last returns the bounds of the open window when it ends now. Ones that end where they began would have no rate.
func (s *schedule) last(now time.Time) (start, end time.Time) {
	end = now.Round(0)
	if end.After(s.end) {
		end = s.end
	}
	if least := s.start.Add(time.Millisecond); end.Before(least) {
		end = least
	}
	return s.start, end
}
