package statsd

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/zibrato/zibrato/internal/naming"
)

// Tags is a form in which tags travel.
type Tags string

// The forms. None makes tags part of the name.
const (
	None      Tags = "none"
	DogStatsD Tags = "dogstatsd" // name:1|c|#source:orders,level:info: Datadog's agent, statsd_exporter, Telegraf, Etsy's since 0.9
	Influx    Tags = "influx"    // name,source=orders,level=info:1|c: Telegraf, statsd_exporter
	Graphite  Tags = "graphite"  // name;source=orders;level=info:1|c: Etsy's since 0.9, before a Graphite with tags
)

// Defaults of Config.
const (
	DefaultAddr   = "127.0.0.1:8125"
	DefaultValues = 100
	DefaultPacket = 1432    // a datagram that an Ethernet frame holds, with room for what tunnels add
	DefaultRate   = 4 << 20 // bytes per second
)

// The bounds of Config.
const (
	minPacket  = 256
	maxPacket  = 65000
	maxValues  = 10000
	unixPacket = 8192 // as Datadog's agent reads
	maxLine    = 4000 // over TCP
)

// Config says where measurements go, and how. The zero of any field means its default.
type Config struct {
	// Addr is the server's host:port, or the path of a Unix datagram socket. "": DefaultAddr.
	Addr string

	Network  string // udp, tcp or unixgram; "": udp
	Tags     Tags   // the form in which tags travel; "": None
	Prefix   string // goes before every name, as "prod."
	Template string // makes names without tags, see the package comment; "": {source}.{name}.{tags}; goes with None only

	// Distributions is the type as which distributions go: ms (a timer, which Etsy's server knows), h (a histogram) or d (a
	// distribution, in Datadog's words). "": d with DogStatsD, else ms.
	Distributions string

	// Values bounds the values of a timer or distribution in a window, up to 10,000. More of them make percentiles finer.
	// 0: DefaultValues.
	Values int

	// Packet is how long a datagram may be, 256 to 65,000 bytes. 0: DefaultPacket, over a Unix socket 8,192.
	Packet int

	// Rate bounds the bytes that go out over UDP in a second, but no window takes more than a quarter of its interval. 0:
	// DefaultRate. Negative: no bound.
	Rate int

	// Unconfirmed is for servers that do not close a TCP connection whose other end is closed. What the system took counts
	// as delivered then.
	Unconfirmed bool

	Logger *slog.Logger // by default none
}

// Validate reports the first field that is wrong, by name.
func (c Config) Validate() error {
	if err := c.filled().validate(); err != nil {
		return fmt.Errorf("statsd: config: %w", err)
	}
	return nil
}

func (c Config) validate() error {
	if _, err := naming.ParseTemplate(c.Template); err != nil {
		return fmt.Errorf("Template: %w", err)
	}
	if err := naming.Prefix(c.Prefix); err != nil {
		return fmt.Errorf("Prefix: %w", err)
	}
	switch c.Network {
	case "udp", "tcp":
		if err := hostPort(c.Addr); err != nil {
			return fmt.Errorf("Addr: %q: %w", c.Addr, err)
		}
	case "unixgram":
	default:
		return fmt.Errorf("Network: %q: want udp, tcp or unixgram", c.Network)
	}
	switch c.Tags {
	case None, DogStatsD, Influx, Graphite:
	default:
		return fmt.Errorf("Tags: %q: want %s, %s, %s or %s", c.Tags, None, DogStatsD, Influx, Graphite)
	}
	switch {
	case c.Tags != None && c.Template != "":
		return fmt.Errorf("Template: goes with Tags %s only: with %s tags are no part of the name", None, c.Tags)
	case c.Distributions != "ms" && c.Distributions != "h" && c.Distributions != "d":
		return fmt.Errorf("Distributions: %q: want ms, h or d", c.Distributions)
	case c.Values < 1 || c.Values > maxValues:
		return fmt.Errorf("Values: %d: want 1 to %d", c.Values, maxValues)
	case c.Packet < minPacket || c.Packet > maxPacket:
		return fmt.Errorf("Packet: %d: want %d to %d", c.Packet, minPacket, maxPacket)
	}
	return nil
}

func hostPort(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return errors.New("want host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %q: want 1 to 65535", port)
	}
	return nil
}

// filled returns the configuration with the defaults in it.
func (c Config) filled() Config {
	if c.Network == "" {
		c.Network = "udp"
	}
	if c.Addr == "" && c.Network != "unixgram" {
		c.Addr = DefaultAddr
	}
	if c.Tags == "" {
		c.Tags = None
	}
	if c.Distributions == "" {
		if c.Distributions = "ms"; c.Tags == DogStatsD {
			c.Distributions = "d"
		}
	}
	if c.Values == 0 {
		c.Values = DefaultValues
	}
	if c.Packet == 0 {
		if c.Packet = DefaultPacket; c.Network == "unixgram" {
			c.Packet = unixPacket
		}
	}
	if c.Rate == 0 {
		c.Rate = DefaultRate
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
