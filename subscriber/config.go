package subscriber

import (
	"fmt"
	"log/slog"

	"github.com/zibrato/zibrato/internal/endpoint"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/metric"
)

// The defaults of [Config].
const (
	DefaultFrom       = "tcp://127.0.0.1:5551"
	DefaultQueueBytes = 64 << 20
)

// The details of Config.Detail.
const (
	Samples   = metric.Samples
	Summaries = metric.Summaries
)

// messageBytes is how large a message is taken to be: between the lines of the text form, of which a burst must find room, and the
// 64 KiB of a full batch.
const messageBytes = 8 << 10

// Config says where a subscriber gets its messages and which. The zero Config is ready to use.
type Config struct {
	// From is where it connects to, as a rule a forwarder's Out: tcp://host:port, where host is an address (IPv6 in brackets) or
	// a name, or ipc://path. Empty means DefaultFrom.
	From string
	// Key is this subscriber's own, and ServerKey the forwarder's public key. With them the connection is encrypted, no other than that forwarder
	// is spoken to, and it serves whose key is on its list. Both or neither.
	Key       keys.Pair
	ServerKey keys.Public
	// NextServerKey is tried in turn with ServerKey when the forwarder turns out not to have that: for the time in which its key changes.
	NextServerKey keys.Public
	// Levels are those that are asked for; empty means all.
	Levels metric.Levels
	// Detail is what is asked for beyond the totals, which come in any case: Samples, the zero value, brings every call one by one; Summaries
	// brings one metric.Summary a series and interval, which is cheaper by far where calls are many. Messages of the text form come in both cases.
	Detail metric.Detail
	// QueueBytes is about how much may wait in memory to be received; 0 means DefaultQueueBytes, and no less than
	// metric.MaxFrame will do. libzmq counts messages, not bytes: for each 8 KiB one may wait, 8,192 by default. Full
	// batches, of about 64 KiB, take 8 times as much.
	QueueBytes int
	// Logger hears of malformed messages, when the other side comes and goes, and when a handshake fails, at most one line per reason and 10 s. Nil discards. Its handler is called by
	// the goroutine that receives.
	Logger *slog.Logger
}

// withDefaults returns the config with its zero fields filled in, or an error that names the field at fault.
func (c Config) withDefaults() (Config, error) {
	if c.From == "" {
		c.From = DefaultFrom
	}
	if c.QueueBytes == 0 {
		c.QueueBytes = DefaultQueueBytes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := endpoint.Check(c.From); err != nil {
		return c, fmt.Errorf("subscriber: Config.From %q: %w", c.From, err)
	}
	if err := endpoint.CheckKeys(c.Key, c.ServerKey, c.NextServerKey); err != nil {
		return c, fmt.Errorf("subscriber: %w", err)
	}
	for _, l := range c.Levels {
		if !l.Valid() {
			return c, fmt.Errorf("subscriber: Config.Levels: %q is no legal level", string(l))
		}
	}
	if c.Detail > Summaries {
		return c, fmt.Errorf("subscriber: Config.Detail is %d: want Samples or Summaries", c.Detail)
	}
	if c.QueueBytes < metric.MaxFrame {
		return c, fmt.Errorf("subscriber: Config.QueueBytes is %d: want at least %d, the largest message, or 0 for %d", c.QueueBytes, metric.MaxFrame, DefaultQueueBytes)
	}
	return c, nil
}

// form is what the topics of a detail begin with.
func form(d metric.Detail) string {
	if d == Summaries {
		return metric.SummariesTopic
	}
	return metric.SamplesTopic
}

// topics are the subscriptions of the config, each level in the binary form and in the text form.
func (c Config) topics() []string {
	if len(c.Levels) == 0 {
		return []string{form(c.Detail), ""}
	}
	var topics []string
	for _, l := range c.Levels {
		// The bar keeps "info" from bringing in "information", too.
		topics = append(topics, form(c.Detail)+string(l)+"|", string(l)+"|")
	}
	return topics
}

// unasked begins the binary messages that come though they were not asked for: who wants the text of all levels subscribes to
// everything, and so gets the other detail when somebody else asks for that.
func (c Config) unasked() string {
	if c.Detail == Summaries {
		return form(Samples)
	}
	return form(Summaries)
}
