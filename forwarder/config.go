package forwarder

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/metric"
)

// The defaults of [Config].
const (
	DefaultIn             = "tcp://127.0.0.1:5550"
	DefaultOut            = "tcp://127.0.0.1:5551"
	DefaultMaxTopics      = 256
	DefaultMaxConnections = 1024
	DefaultQueueBytes     = 16 << 20
)

// messageBytes is how large a small message may be. Those are bounded by their number, since libzmq counts messages; larger ones are measured.
const messageBytes = 4 << 10

// maxMaxTopics keeps the socket options that depend on Config.MaxTopics within their range.
const maxMaxTopics = 1 << 20

// Config says where a forwarder listens and what it may use. The zero Config is ready to use.
//
// An endpoint is tcp://host:port, where host is an address, a name that resolves to one, or * for all interfaces, and
// port is a number, or 0 or * to let the kernel choose; or ipc://path; or ipc://* for a path of libzmq's choice.
type Config struct {
	// In is where publishers connect; empty means DefaultIn.
	In string
	// Out is where subscribers connect; empty means DefaultOut.
	Out string
	// Key is the forwarder's own, which publishers and subscribers have to know (publisher.Config.ServerKey). With it, all connections
	// are encrypted, and only those are served whose public keys are on a list. The zero Pair means neither; then In and Out
	// listen only where other machines cannot reach them.
	Key keys.Pair
	// Allow is the list of those who may connect: a file or a directory of public keys, as [keys.List] reads them. It is needed with Key,
	// and refused without. An empty list serves nobody. It is looked at twice a second: who is added is served from then on; when
	// somebody is taken out who was served, all connections of that side are closed a second later, and those who may connect again.
	// While the list cannot be read, which is logged, the last one stays in force.
	Allow string
	// AllowIn and AllowOut are lists of their own for publishers and for subscribers; empty means Allow.
	AllowIn, AllowOut string
	// AllowRemote lets In and Out listen on addresses that other machines can reach even without Key: for networks in which everybody may
	// read and forge measurements.
	AllowRemote bool
	// MaxTopics is how many distinct topics are relayed to the publishers at a time, of 16 bytes on average; 0 means DefaultMaxTopics. As many
	// again wait for room. Room goes to the subscriber that has least of it, so that none keeps others out. Topics too many are
	// counted as refused.
	MaxTopics int
	// MaxConnections is how many connections each side serves at a time; 0 means DefaultMaxConnections. It is less where the limit on open
	// files is low: a quarter of what the process may still open when the forwarder starts. Connections too many are closed, those
	// that have not finished the handshake before all others, and counted as refused.
	MaxConnections int
	// QueueBytes is about how much may wait in memory for all subscribers together, in messages of 4 KiB and more; 0 means DefaultQueueBytes,
	// and no less than metric.MaxFrame will do. Beyond it, subscribers that take nothing lose their connection, and the slowest if others
	// keep up; beyond one and a half times that, messages are dropped and counted as refused. Of smaller messages one may
	// wait for each 4 KiB and subscriber, 4,096 by default; a subscriber for which more should wait loses them.
	// Subscribers that wait for the same messages share their memory. Of what publishers send, half as much may wait to be moved; then
	// messages of those that send most are dropped and counted as refused.
	QueueBytes int
	// Logger hears of the start, of refusals (at most one line per reason and minute), and of an unexpected end. Nil
	// discards. Its handler is called by the goroutines that move the messages and watch the connections, and must not block: they stand
	// still until it returns (Stats.Overdue).
	Logger *slog.Logger
}

// withDefaults returns the config with its zero fields filled in, or an error that names the field at fault.
func (c Config) withDefaults() (Config, error) {
	if c.In == "" {
		c.In = DefaultIn
	}
	if c.Out == "" {
		c.Out = DefaultOut
	}
	if c.MaxTopics == 0 {
		c.MaxTopics = DefaultMaxTopics
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultMaxConnections
	}
	if c.QueueBytes == 0 {
		c.QueueBytes = DefaultQueueBytes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxTopics < 0 || c.MaxTopics > maxMaxTopics {
		return c, fmt.Errorf("forwarder: Config.MaxTopics is %d: want 1 to %d, or 0 for %d", c.MaxTopics, maxMaxTopics, DefaultMaxTopics)
	}
	if c.MaxConnections < 0 {
		return c, fmt.Errorf("forwarder: Config.MaxConnections is %d: want at least 1, or 0 for %d", c.MaxConnections, DefaultMaxConnections)
	}
	listed := c.Allow != "" || c.AllowIn != "" && c.AllowOut != ""
	if !c.Key.IsZero() && !listed {
		return c, errors.New("forwarder: Config.Allow is empty: with Config.Key only those are served who are on a list; name a file or directory of public keys")
	}
	if c.Key.IsZero() && (c.Allow != "" || c.AllowIn != "" || c.AllowOut != "") {
		return c, errors.New("forwarder: Config.Key is missing: without it the lists of Config.Allow, AllowIn and AllowOut would keep nobody out")
	}
	if c.QueueBytes < metric.MaxFrame {
		return c, fmt.Errorf("forwarder: Config.QueueBytes is %d: want at least %d, the largest message, or 0 for %d", c.QueueBytes, metric.MaxFrame, DefaultQueueBytes)
	}
	return c, nil
}

// queueLen is libzmq's high-water mark for messages. It is set once: lowered while peers are connected, a mark can fall
// below the number of messages that a peer has read and not yet acknowledged, and then its queue counts as full for ever.
func (c Config) queueLen() int { return c.QueueBytes / messageBytes }

// reachable reports whether other machines may reach the forwarder.
func (c Config) reachable() bool { return c.AllowRemote || !c.Key.IsZero() }
