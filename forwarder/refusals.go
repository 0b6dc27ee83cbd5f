package forwarder

import (
	"log/slog"
	"strconv"
	"time"

	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/seldom"
)

// refusalLogInterval is the least time between two log lines about the same reason.
const refusalLogInterval = time.Minute

// refusals counts what is refused and logs it at a bounded rate, so that no peer can fill a disk. The goroutine that owns the
// sockets writes it, and the gate, each its own reasons; Stats reads the counts.
type refusals struct {
	counts [Refusals]atomic.Uint64 // first, so that they are aligned on 32-bit platforms
	log    *slog.Logger
	lines  [Refusals]seldom.Line
}

// add counts a refusal. The content is the stranger's topic or address, or empty.
func (r *refusals) add(why Refusal, content string) { r.raise(why, r.counts[why].Load()+1, content) }

// raise sets the count of a reason.
func (r *refusals) raise(why Refusal, count uint64, content string) {
	r.counts[why].Store(count)
	if why == RefusedUnheld || r.lines[why].Rest(count) == 0 {
		return
	}
	since, due := r.lines[why].Due(count, refusalLogInterval, time.Now())
	if !due {
		return
	}
	attrs := []any{"reason", why.String(), "count", since}
	if content != "" {
		attrs = append(attrs, what(why), strconv.Quote(content[:min(len(content), MaxTopicLen)]))
	}
	r.log.Warn("forwarder: refused", attrs...)
}

// what is refused for a reason.
func what(why Refusal) string {
	switch why {
	case RefusedConnections, RefusedFlood, RefusedEndless, RefusedSlow:
		return "address"
	}
	return "topic"
}
