package publisher

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/endpoint"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/metric"
)

// The defaults of [Config].
const (
	DefaultEndpoint     = "tcp://127.0.0.1:5550"
	DefaultQueueBytes   = 8 << 20
	DefaultHold         = time.Minute
	DefaultCloseTimeout = 2 * time.Second
)

// Format is how a publisher writes.
type Format uint8

const (
	Binary Format = iota // batches with totals, docs/wire.md
	Text                 // the text form of Zibrato 0.2, one sample a message
)

// String returns the format's name.
func (f Format) String() string {
	switch f {
	case Binary:
		return "binary"
	case Text:
		return "text"
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// Config says what a publisher sends, and where. The zero Config is ready to use.
type Config struct {
	// Recorder is whose batches are sent. Default: zibrato.Default().
	Recorder *zibrato.Recorder
	// Endpoint is where it connects to, a forwarder's In: tcp://host:port or ipc://path. Default: DefaultEndpoint.
	Endpoint string
	// Key is this publisher's own, and ServerKey the forwarder's public key. With them the connection is encrypted, no other than that forwarder
	// is spoken to, and it serves whose key is on its list. Both or neither.
	Key       keys.Pair
	ServerKey keys.Public
	// NextServerKey is tried in turn with ServerKey when the forwarder turns out not to have that: for the time in which its key changes.
	NextServerKey keys.Public
	// Format is how it writes. Default: Binary.
	Format Format
	// QueueBytes bounds the messages that wait to be sent or are held back, with about 200 bytes for each besides what is in it. libzmq may hold about as much again. Default: DefaultQueueBytes; at least metric.MaxFrame.
	QueueBytes int
	// Hold is how long levels go on being recorded that were subscribed to when the connection to the forwarder was lost. Their messages
	// are held back, within QueueBytes, and are sent when the subscribers are back, in their order; after that time they are dropped and counted. A subscriber
	// that withdraws takes effect at once, unless it does so within a second of such a loss. Default: DefaultHold.
	Hold time.Duration
	// CloseTimeout bounds Close. Default: DefaultCloseTimeout.
	CloseTimeout time.Duration
	// Logger hears what the recorder has to say, when messages are dropped, and when a handshake fails, at a bounded rate. Nil discards.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.Recorder == nil {
		c.Recorder = zibrato.Default()
	}
	if c.Endpoint == "" {
		c.Endpoint = DefaultEndpoint
	}
	if err := endpoint.Check(c.Endpoint); err != nil {
		return c, fmt.Errorf("publisher: Config.Endpoint %q: %w", c.Endpoint, err)
	}
	if err := endpoint.CheckKeys(c.Key, c.ServerKey, c.NextServerKey); err != nil {
		return c, fmt.Errorf("publisher: %w", err)
	}
	if c.Format > Text {
		return c, fmt.Errorf("publisher: Config.Format: %v is neither Binary nor Text", c.Format)
	}
	if c.QueueBytes == 0 {
		c.QueueBytes = DefaultQueueBytes
	}
	if c.QueueBytes < metric.MaxFrame {
		return c, fmt.Errorf("publisher: Config.QueueBytes is %d: want at least %d", c.QueueBytes, metric.MaxFrame)
	}
	if c.Hold == 0 {
		c.Hold = DefaultHold
	}
	if c.Hold < 0 {
		return c, fmt.Errorf("publisher: Config.Hold %v is negative", c.Hold)
	}
	if c.CloseTimeout == 0 {
		c.CloseTimeout = DefaultCloseTimeout
	}
	if c.CloseTimeout < 0 {
		return c, fmt.Errorf("publisher: Config.CloseTimeout %v is negative", c.CloseTimeout)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
