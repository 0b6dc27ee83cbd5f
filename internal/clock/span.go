package clock

// Span converts what lies between the two readings of a timing to nanoseconds, less what the timing of an empty block reads.
func Span(ticks int64) int64 { return Nanos(ticks - EmptyBlock()) }
