package backend

import (
	"time"

	"github.com/zibrato/zibrato/backend/store"
)

// Stats is what a backend has done since it was started, and what it holds now.
type Stats struct {
	Batches     uint64 // received, duplicates included
	Samples     uint64 // received in them, of duplicates none
	Summaries   uint64 // likewise
	Duplicates  uint64 // batches that came again, or too late; they are left out
	LostBatches uint64 // by the gaps in the sequences
	LostSamples uint64 // calls of timers, gauges and distributions that the totals know and no sample or summary told of
	Skipped     uint64 // entries of a kind that the decoder did not know
	Overflow    uint64 // entries and text samples that were left out since Config.MaxSeries was reached

	Windows   uint64 // flushed to the sinks
	Series    int    // in the open window
	Known     int    // series whose totals are remembered, counted once per process
	Processes int    // processes that are remembered, those that ended a while ago included, counted once per level
	Unlogged  uint64 // notices that were not logged

	// Overdue is for how long the goroutine that flushes has had something to do and has not done it, such as when the disk of Dir hangs. It is
	// a matter of milliseconds as a rule, and 0 once the backend has ended. Steps of the clock have no part in it.
	Overdue time.Duration

	Store store.Stats // of Config.Dir
	Sinks []SinkStats // in the order of Config.Sinks
}

// SinkStats is what became of the windows that went to one sink.
type SinkStats struct {
	Name     string // what the sink's String says, else its type; numbered where there are several
	Written  uint64 // windows that were delivered, but for series that were refused
	Retried  uint64 // tries that failed and were, or will be, repeated
	Dropped  uint64 // windows that were not delivered: there was no room for them, or they were in memory only when the backend closed
	Rejected uint64 // series refused, counted in each window
	Panics   uint64 // of Write and Close, runtime.Goexit included; such a try counts as failed
	Queued   int    // windows that wait; the one that is being written is not counted
	Stored   int    // of these, those that are on disk
	Failing  bool   // the last try failed

	LastError string // of the last try that failed or was refused in part; empty: none did
}
