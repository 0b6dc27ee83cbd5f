package subscriber

import (
	"log/slog"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/monitor"
	"github.com/zibrato/zibrato/internal/seldom"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/metric"
)

// Stats is what a subscriber has received since it was started.
type Stats struct {
	Messages  uint64 // taken from the socket, whatever became of them
	Bytes     uint64 // in those messages
	Batches   uint64 // delivered
	Samples   uint64 // in those batches
	Summaries uint64 // in those batches
	// Malformed counts messages that could not be decoded, by reason: Stats.Malformed[metric.ReasonChecksum].
	Malformed [metric.Reasons]uint64
	// Skipped counts batches of the detail that was not asked for. They come to whoever subscribes to all levels, when others asked for them.
	Skipped uint64
	// Violations counts connections that broke ZeroMQ's protocol, most likely with a frame too large even to be counted
	// as malformed, or with another idea of security than this side. Each was made anew.
	Violations uint64
	// Refused counts connections that ended in their handshake, most likely for a key. They are tried again.
	Refused uint64
	// Connected says that the other side is there, as far as is known. It is learned while Receive runs, within about a tenth of a second.
	Connected bool
}

// counters is Stats as it grows. The goroutine that receives writes it, anyone reads it.
type counters struct {
	messages, bytes, batches, samples, summaries, skipped, violations, unwelcome atomic.Uint64
	malformed                                                                    [metric.Reasons]atomic.Uint64
	connected                                                                    atomic.Bool
}

func (c *counters) stats() Stats {
	s := Stats{
		Messages:   c.messages.Load(),
		Bytes:      c.bytes.Load(),
		Batches:    c.batches.Load(),
		Samples:    c.samples.Load(),
		Summaries:  c.summaries.Load(),
		Skipped:    c.skipped.Load(),
		Violations: c.violations.Load(),
		Refused:    c.unwelcome.Load(),
		Connected:  c.connected.Load(),
	}
	for i := range s.Malformed {
		s.Malformed[i] = c.malformed[i].Load()
	}
	return s
}

// complaintInterval is the least time between two log lines about the same thing, so that no peer can fill a disk.
const complaintInterval = 10 * time.Second

// complaints logs what peers do wrong, at a bounded rate. The goroutine that receives uses it.
type complaints struct {
	log        *slog.Logger
	from       string
	key        keys.Public // the subscriber's own, zero if it has none
	reasons    [metric.Reasons]seldom.Line
	violations seldom.Line
	handshakes seldom.Line
	up, down   seldom.Line
	state      monitor.State
}

// malformed complains of a message. The count is that of all such messages.
func (c *complaints) malformed(err *metric.DecodeError, count uint64, now time.Time) {
	if since, due := c.reasons[err.Reason].Due(count, complaintInterval, now); due {
		c.log.Warn("subscriber: "+err.Error(), "reason", err.Reason.String(), "count", since, "from", c.from)
	}
}

// violation complains of a connection that broke ZeroMQ's protocol.
func (c *complaints) violation(count uint64, now time.Time) {
	if since, due := c.violations.Due(count, complaintInterval, now); due {
		c.log.Warn("subscriber: the connection was lost by a frame too large, or to something that is no ZeroMQ publisher; connecting anew",
			"count", since, "from", c.from)
	}
}

// refused complains of a handshake that failed. The count is that of all such handshakes.
func (c *complaints) refused(what string, count uint64, now time.Time) {
	c.state = monitor.Away
	if c.handshakes.Rest(count) == 0 {
		return
	}
	if since, due := c.handshakes.Due(count, complaintInterval, now); due {
		c.log.Warn("subscriber: "+what, "from", c.from, "key", c.key.String(), "count", since)
	}
}

// connection tells when the other side comes and goes.
func (c *complaints) connection(now monitor.State, at time.Time) {
	if now == c.state {
		return
	}
	before := c.state
	c.state = now
	limit := &c.up
	if now == monitor.Away {
		limit = &c.down
	}
	if _, due := limit.Due(0, complaintInterval, at); !due {
		return
	}
	switch {
	case now == monitor.Connected:
		c.log.Info("subscriber: connected", "from", c.from)
	case before == monitor.Connected:
		c.log.Warn("subscriber: the connection is lost; trying again", "from", c.from)
	default:
		c.log.Warn("subscriber: nobody answers yet; trying again", "from", c.from)
	}
}

// rest complains, at the end, of what it was too early for.
func (c *complaints) rest(counts *counters, now time.Time) {
	for reason := range c.reasons {
		count := counts.malformed[reason].Load()
		if c.reasons[reason].Rest(count) == 0 {
			continue
		}
		n, _ := c.reasons[reason].Due(count, 0, now)
		c.log.Warn("subscriber: malformed messages", "reason", metric.Reason(reason).String(), "count", n, "from", c.from)
	}
}
