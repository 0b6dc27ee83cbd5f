package clock

// Span converts what lies between the two readings of a timing to nanoseconds, less what the timing of an empty block reads.
func Span(ticks int64) int64 { return ScaleNow().Span(ticks) }

// Scale is how ticks are converted for a while, for those who convert many.
type Scale struct {
	rate  uint64
	empty int64
}

// ScaleNow returns the present scale.
func ScaleNow() Scale { return Scale{shared.rate.Load(), shared.empty.Load()} }

// Span does what the function [Span] does.
func (s Scale) Span(ticks int64) int64 {
	return int64(scale(uint64(max(ticks-s.empty, 0)), s.rate))
}
