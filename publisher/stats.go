//go:build cgo

package publisher

import "github.com/zibrato/zibrato/internal/monitor"

// Stats says what a publisher did since it was started.
type Stats struct {
	Messages         uint64 // handed to libzmq
	Bytes            uint64 // in them
	Samples          uint64 // queued, one by one
	Summaries        uint64 // queued
	Dropped          uint64 // messages that found the queue full, were held back in vain, or were queued at the end
	DroppedSamples   uint64 // single samples that were not queued, for want of room
	DroppedSummaries uint64 // summaries that were not
	Queued           int    // messages that wait now, those held back included
	QueuedBytes      int    // bytes in them
	Topics           int    // that are subscribed to now
	SamplesTopics    int    // of these, for single samples in the binary form
	SummariesTopics  int    // of these, for summaries
	Held             int    // topics that went with a lost connection and are recorded all the same, see Config.Hold
	Refused          uint64 // connections that ended in their handshake, most likely for a key; they are tried again
	Refusal          string // why the last connection did, in words for people; empty if it did not, or nothing is to be said of it
	Connected        bool   // whether the forwarder answers
}

// Stats returns what the publisher did so far.
func (p *Publisher) Stats() Stats {
	n, bytes := p.queue.len()
	now := p.interest.Load()
	return Stats{
		Messages:         p.counts.messages.Load(),
		Bytes:            p.counts.bytes.Load(),
		Samples:          p.counts.samples.Load(),
		Summaries:        p.counts.summaries.Load(),
		Dropped:          p.counts.dropped.Load(),
		DroppedSamples:   p.counts.droppedSamples.Load(),
		DroppedSummaries: p.counts.droppedSummaries.Load(),
		Queued:           n,
		QueuedBytes:      bytes,
		Topics:           now.subscribed,
		SamplesTopics:    now.samples,
		SummariesTopics:  now.summaries,
		Held:             now.held,
		Refused:          p.counts.unwelcome.Load(),
		Refusal:          monitor.Refusal(p.refusal.Load()).Explain(!p.cfg.Key.IsZero()),
		Connected:        p.connected.Load(),
	}
}
