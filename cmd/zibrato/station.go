//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/cmd/zibrato/internal/admin"
	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// tooLate is how late a flush, or a forwarder's answer, may be before only a restart is expected to help.
const tooLate = 30 * time.Second

// overdue says what a part has not done for so long, if that is too long.
func overdue(what string, since time.Duration) string {
	if since <= tooLate {
		return ""
	}
	return fmt.Sprintf("%s for %v", what, since.Round(time.Second))
}

// A station is a subscriber, the backend behind it and its sink, as a unit.
type station struct {
	name, from string
	sub        *subscriber.Subscriber
	*backend.Backend
}

// startStation starts one. The sink is closed if that fails.
func startStation(name string, from subscriber.Config, to backend.Config, sink backend.Sink) (*station, error) {
	sub, err := subscriber.Start(from)
	if err != nil {
		return nil, errors.Join(err, sink.Close(context.Background()))
	}
	to.From, to.Sinks = sub, []backend.Sink{sink}
	b, err := backend.Start(to)
	if err != nil {
		return nil, errors.Join(err, sub.Close(), sink.Close(context.Background()))
	}
	return &station{name, from.From, sub, b}, nil
}

func (s *station) Name() string { return s.name }

func (s *station) Stuck() string {
	return overdue("has not flushed", s.Stats().Overdue)
}

func (s *station) Waits() string {
	if !s.sub.Stats().Connected {
		return "not connected to " + s.from
	}
	if sink := s.Stats().Sinks[0]; sink.Failing {
		return fmt.Sprintf("the sink fails, with %d windows waiting: %s", sink.Queued, sink.LastError)
	}
	return ""
}

func (s *station) End(ctx context.Context) error {
	return receiveTerms(errors.Join(s.Err(), s.Shutdown(ctx)))
}

func (s *station) Report(e *admin.Exposition) {
	label := []string{"sink", s.name}
	from := s.sub.Stats()
	e.Flag("zibrato_subscriber_connected", "Whether the forwarder is there.", from.Connected, label...)
	e.Counter("zibrato_subscriber_messages_total", "Messages received.", from.Messages, label...)
	e.Counter("zibrato_subscriber_bytes_total", "Bytes in those messages.", from.Bytes, label...)
	for reason, n := range from.Malformed {
		e.Counter("zibrato_subscriber_malformed_total", "Messages that could not be decoded, by reason.", n, append(label, "reason", metric.Reason(reason).String())...)
	}
	e.Counter("zibrato_subscriber_skipped_total", "Batches that others had asked for.", from.Skipped, label...)
	e.Counter("zibrato_subscriber_violations_total", "Connections that broke ZeroMQ's protocol.", from.Violations, label...)
	e.Counter("zibrato_subscriber_refused_total", "Connections that ended in their handshake.", from.Refused, label...)

	b := s.Stats()
	e.Counter("zibrato_backend_windows_total", "Windows flushed.", b.Windows, label...)
	e.Counter("zibrato_backend_batches_total", "Batches received, duplicates included.", b.Batches, label...)
	e.Counter("zibrato_backend_duplicate_batches_total", "Batches that came again, or too late.", b.Duplicates, label...)
	e.Counter("zibrato_backend_lost_batches_total", "Batches that did not arrive, by the gaps in their numbers.", b.LostBatches, label...)
	e.Counter("zibrato_backend_samples_total", "Samples received one by one.", b.Samples, label...)
	e.Counter("zibrato_backend_lost_samples_total", "Calls whose count and sum are known, and nothing else.", b.LostSamples, label...)
	e.Counter("zibrato_backend_summaries_total", "Summaries received.", b.Summaries, label...)
	e.Counter("zibrato_backend_skipped_entries_total", "Entries of a kind that this version does not know.", b.Skipped, label...)
	e.Counter("zibrato_backend_overflow_total", "Entries that were left out since there were too many series.", b.Overflow, label...)
	e.Gauge("zibrato_backend_series", "Series in the open window.", float64(b.Series), label...)
	e.Gauge("zibrato_backend_known_series", "Series whose totals are remembered, counted once per process.", float64(b.Known), label...)
	e.Gauge("zibrato_backend_processes", "Processes that are remembered, counted once per level.", float64(b.Processes), label...)
	e.Gauge("zibrato_backend_overdue_seconds", "How late the next flush is.", b.Overdue.Seconds(), label...)

	to := b.Sinks[0]
	e.Counter("zibrato_sink_windows_written_total", "Windows delivered.", to.Written, label...)
	e.Counter("zibrato_sink_tries_failed_total", "Tries that failed and were, or will be, repeated.", to.Retried, label...)
	e.Counter("zibrato_sink_windows_dropped_total", "Windows that were given up.", to.Dropped, label...)
	e.Counter("zibrato_sink_series_rejected_total", "Series that the target refused, counted in each window.", to.Rejected, label...)
	e.Counter("zibrato_sink_panics_total", "Panics of the sink.", to.Panics, label...)
	e.Gauge("zibrato_sink_windows_queued", "Windows that wait.", float64(to.Queued), label...)
	e.Flag("zibrato_sink_failing", "Whether the last try failed.", to.Failing, label...)

	disk := b.Store
	e.Flag("zibrato_store_durable", "Whether all that a kill must not cost is on disk; 0 without --dir.", disk.Durable, label...)
	e.Gauge("zibrato_store_windows", "Windows on disk that wait.", float64(disk.Windows), label...)
	e.Gauge("zibrato_store_bytes", "Bytes that they take.", float64(disk.Bytes), label...)
	e.Counter("zibrato_store_failures_total", "Steps that the disk refused.", disk.Failures, label...)
	e.Counter("zibrato_store_damaged_total", "Files and records that could not be read.", disk.Damaged, label...)
	e.Counter("zibrato_store_windows_evicted_total", "Windows removed from disk for want of room.", disk.Evicted, label...)
	e.Counter("zibrato_store_unlogged_batches_total", "Batches whose detail a kill before the next flush would have cost.", disk.Unlogged, label...)
}
