package metric

import (
	"encoding/hex"
	"time"
)

// RecorderID names one recorder among all that ever were: 128 random bits, drawn when it is made. The zero ID stands
// for a sender that did not say, as the text form never does.
type RecorderID [16]byte

// String returns the ID in hexadecimal.
func (id RecorderID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the sender is unknown.
func (id RecorderID) IsZero() bool { return id == RecorderID{} }

// Process is one start of an instrumented program, and the recorder in it that a batch comes from.
type Process struct {
	Recorder RecorderID
	Host     string
	Program  string
	PID      uint32
	Start    time.Time // wall time, of that host; for people only, no decision rests on it
}

// Totals are the exact count and sum of a series' calls since its recorder was made. For an up-down counter the sum is
// its present value; a gauge has no sum.
type Totals struct {
	Count uint64
	Sum   Value
}

// Entry is a series in a batch, with its totals before and after the batch.
type Entry struct {
	ID            uint32 // the series' id within its recorder
	Series        *Series
	Birth         time.Duration // the recorder's uptime when the series' total left zero
	Before, After Totals
}

// Sample is one call of an instrument, of the series that Batch.Entries[Entry] names. A counter's sample is its growth
// in one drain, an up-down counter's its value after one.
type Sample struct {
	Entry uint32
	Time  uint32 // microseconds after Batch.Base
	Value Value
}

// EntrySummary is what a batch's interval did to the series that Batch.Entries[Entry] names. Its Count is of the calls whose detail is
// known. There is one for each timer, distribution, gauge and up-down counter with such calls, and none for a counter, of
// which the totals say all. An up-down counter's is made of its value after each drain.
type EntrySummary struct {
	Entry uint32
	Summary
}

// Batch is what one drain hands on for one level, in one detail: single samples, or summaries. It explains itself: every
// series that these speak of is in it, with totals, so that a receiver that joined a second ago understands it.
//
// A batch is lent: whoever is handed one may read it, and the slices in it, until the call returns. The Series it points to are
// never changed and may be kept.
type Batch struct {
	Process   Process
	Level     Level
	Detail    Detail
	Seq       uint64        // counts the batches of this recorder, level and detail, from 1; a gap is loss, a repetition a duplicate
	Uptime    time.Duration // the recorder's age when the batch was handed on; monotonic
	Interval  time.Duration // the time that the batch covers
	Base      time.Time     // wall time that the samples' times count from
	Final     bool          // the last of this level and detail that this consumer gets. Another consumer of the recorder, a new publisher say, may get more
	Entries   []Entry
	Samples   []Sample       // empty when Detail is Summaries
	Summaries []EntrySummary // empty when Detail is Samples; in the order of Entries
	Skipped   int            // entries that a decoder left out because it does not know their kind
	Notices   []string       // what the consumer should log; they do not travel
}

// HasTotals reports whether the entries carry totals. Batches of the text form do not: there the samples are all that is known.
func (b *Batch) HasTotals() bool { return !b.Process.Recorder.IsZero() }

// Reset empties the batch for reuse and keeps its memory, that of the histograms too.
func (b *Batch) Reset() {
	clear(b.Entries)
	*b = Batch{Entries: b.Entries[:0], Samples: b.Samples[:0], Summaries: b.Summaries[:0]}
}
