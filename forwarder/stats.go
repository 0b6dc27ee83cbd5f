package forwarder

import (
	"fmt"
	"time"

	"go.uber.org/atomic"
)

// Stats is what a forwarder has done since it was started, and what it serves now.
type Stats struct {
	Messages uint64 // taken from publishers and handed to Out, whether or not a subscriber wanted them
	Bytes    uint64 // in those messages
	// Refused counts what was not passed on, by reason: Stats.Refused[RefusedLong].
	Refused [Refusals]uint64

	Topics      int // relayed to the publishers now
	Publishers  int // connections to In now, those amid the handshake included
	Subscribers int // connections to Out now, those amid the handshake included

	// Overdue is for how long the goroutine that moves messages, or the one that watches connections, has not answered; 0 while they do, and after
	// the end. Stats itself asks them, and tells what became of it when it is called again. They answer within milliseconds, or a second while a key is
	// taken off a list; one that is overdue for longer hangs, such as in the handler of Config.Logger, and starting anew helps.
	Overdue time.Duration
}

// Refusal is why something was not passed on. Reasons are few and fixed, so that they can be counted by.
type Refusal uint8

// The reasons.
const (
	RefusedMultipart   Refusal = iota // a publisher's message of more than one frame; counted once, dropped whole
	RefusedRequest                    // a subscriber's frame that neither subscribes nor withdraws
	RefusedLong                       // a topic longer than MaxTopicLen
	RefusedMalformed                  // a topic that is not UTF-8 or holds control characters
	RefusedTooMany                    // a topic too many; see Config.MaxTopics
	RefusedUnheld                     // a withdrawal of a topic that is not relayed; every refused topic ends so
	RefusedLarge                      // a publisher's message larger than metric.MaxFrame
	RefusedKey                        // a connection of somebody without a key, with one that is not on the list, or who takes this forwarder for another
	RefusedConnections                // a connection too many: closed; see Config.MaxConnections
	RefusedFlood                      // a subscriber that sent more than subscribers need: its connection was closed
	RefusedEndless                    // a publisher that began a message and went on too long: its connection was closed
	RefusedSlow                       // a subscriber for which too much waited: its connection was closed; see Config.QueueBytes
	RefusedCrowded                    // a message for which there was no room; see Config.QueueBytes

	Refusals = int(RefusedCrowded) + 1 // how many reasons there are
)

var refusalNames = [Refusals]string{"multipart", "request", "long", "malformed", "too many", "unheld", "large", "key",
	"connections", "flood", "endless", "slow", "crowded"}

// String returns the reason's name, one or two lower-case words.
func (r Refusal) String() string {
	if int(r) >= Refusals {
		return fmt.Sprintf("refusal(%d)", uint8(r))
	}
	return refusalNames[r]
}

// burst is how many frames pass at most before the pump looks for new ones of all connections.
const burst = 256

// traffic is what the C loop counts. It writes these words in place with atomic adds, in this order; Stats reads them at
// any time.
type traffic struct {
	messages  atomic.Uint64
	bytes     atomic.Uint64
	multipart atomic.Uint64
	large     atomic.Uint64
	crowded   atomic.Uint64
	frames    atomic.Uint64 // received from publishers
	taken     atomic.Uint64 // bytes in those
	nameless  atomic.Uint64 // about how many bytes came from peers that libzmq does not name
	emptied   atomic.Uint64 // how often there was nothing more to receive
}
