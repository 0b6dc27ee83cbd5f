// Package backend merges batches of measurements into windows and flushes each window to its sinks.
//
// A [Source] brings the batches: an in-process recorder, or a subscriber that hears a forwarder. The backend cannot tell
// which. Windows are aligned to the clock: with an interval of a minute they end on the full minute. Whatever is received
// joins the window that is open then. Series that are the same in several processes merge, see [Config.Apart]. A window in which nothing
// happened to any series is not written.
//
// Counts of all series, and sums of timers, counters and distributions, come from the totals that every batch carries:
// what was lost on the way is in the next batch that arrives, and so in the window in which it was learned. A backend
// that joins a running process counts from what the process had by then. Minimum, maximum, last value, deviation and quantiles
// come from the samples that arrived, or from summaries of them: a source brings the one or the other. Windows come out the same, but for what
// depends on the order of samples of several processes.
//
// With [Config].Dir a backend that is killed loses nothing, and counts nothing twice: the next one in that directory goes on where it was. Package
// store says how, docs/reliability.md what that holds and costs. Without it everything is in memory.
//
// Each sink has a goroutine and a bounded queue of its own, so that a slow or failing one delays nothing and nobody else.
package backend
