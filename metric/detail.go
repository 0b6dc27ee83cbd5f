package metric

// Detail is how much a batch tells beyond the totals, which are always there.
type Detail uint8

const (
	// Samples: every call that was recorded, one by one.
	Samples Detail = iota
	// Summaries: what an interval did to each series, one [Summary] a series. The cheaper of the two by far where calls are many.
	Summaries
)

// String returns "samples" or "summaries".
func (d Detail) String() string {
	switch d {
	case Samples:
		return "samples"
	case Summaries:
		return "summaries"
	}
	return "unknown detail"
}
