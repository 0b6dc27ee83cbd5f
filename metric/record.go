package metric

// Record is one call of an instrument as it lies in a ring: 16 bytes without pointers, so that the collector never
// looks at them.
type Record struct {
	Series uint32 // dense id of the series within its recorder
	Time   uint32 // coarse ticks (internal/clock), which wrap; 0: the drain's own time
	Value  Value
}
