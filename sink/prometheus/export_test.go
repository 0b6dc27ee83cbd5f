package prometheus

import "time"

// SetClock makes the sink live by another clock.
func (s *Sink) SetClock(now func() time.Time) { s.now = now }
