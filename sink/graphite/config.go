package graphite

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/zibrato/zibrato/internal/naming"
)

// DefaultAddr is where carbon listens for its plaintext protocol.
const DefaultAddr = "127.0.0.1:2003"

// defaultStats is what is sent of a series, as far as its kind has it.
var defaultStats = []string{"count", "rate", "sum", "mean", "min", "max", "last", "stddev", "p50", "p90", "p95", "p99"}

// Config says where measurements go, and how. The zero of any field means its default.
type Config struct {
	// Addr is the server's host:port. "": DefaultAddr.
	Addr string

	// TLS encrypts the connection, for a relay or a proxy that takes that: carbon itself does not. Its ServerName is by
	// default Addr's host. Nil: no encryption.
	TLS *tls.Config

	// Tags sends tags as such, for Graphite 1.1 and VictoriaMetrics. Otherwise they are part of the path.
	Tags bool

	Prefix   string // goes before every name, as "prod."
	Template string // makes paths without tags, see the package comment; "": {source}.{name}.{tags}

	// Stats chooses what is sent of a series: count, rate, sum, mean, min, max, last, stddev and percentiles as p50 or
	// p99.9. Nil: all of these, and of the percentiles p50, p90, p95 and p99. last is for gauges and up-down counters alone.
	Stats []string

	// Unconfirmed is for servers that do not close a connection whose other end is closed. What the system took counts as
	// delivered then, and is lost without a word when the server dies at the wrong moment.
	Unconfirmed bool

	Logger *slog.Logger // by default none
}

// Validate reports the first field that is wrong, by name.
func (c Config) Validate() error {
	if err := c.filled().validate(); err != nil {
		return fmt.Errorf("graphite: config: %w", err)
	}
	return nil
}

func (c Config) validate() error {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil || host == "" {
		return fmt.Errorf("Addr: %q: want host:port", c.Addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("Addr: %q: port: want 1 to 65535", c.Addr)
	}
	if err := naming.Prefix(c.Prefix); err != nil {
		return fmt.Errorf("Prefix: %w", err)
	}
	if _, err := naming.ParseTemplate(c.Template); err != nil {
		return fmt.Errorf("Template: %w", err)
	}
	if c.Tags && c.Template != "" {
		return errors.New("Template: does not go with Tags, which are no part of the name")
	}
	_, err = parseStats(c.Stats)
	return err
}

// filled returns the configuration with the defaults in it.
func (c Config) filled() Config {
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	if c.Stats == nil {
		c.Stats = defaultStats
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// stat is one thing that is sent of a series.
type stat struct {
	word     string
	quantile float64 // of a percentile, for which what is 0
	what     byte
}

// What a stat is.
const (
	count = iota + 1
	rate
	sum
	mean
	least
	greatest
	last
	deviation
)

var plain = map[string]byte{"count": count, "rate": rate, "sum": sum, "mean": mean, "min": least, "max": greatest, "last": last, "stddev": deviation}

func parseStats(texts []string) (stats []stat, err error) {
	for _, text := range texts {
		s := stat{word: text, what: plain[text]}
		if s.what == 0 {
			p, ok := strings.CutPrefix(text, "p")
			percent, err := strconv.ParseFloat(p, 64)
			if !ok || err != nil || !(percent >= 0 && percent <= 100) || strings.Trim(p, "0123456789.") != "" {
				return nil, fmt.Errorf("Stats: %q: want count, rate, sum, mean, min, max, last, stddev, or a percentile as p50 or p99.9", text)
			}
			// 99.9/100 is more than 0.999, and so one rank too far in a thousand samples. What was parsed parses.
			s.quantile, _ = strconv.ParseFloat(p+"e-2", 64)
			s.word = "p" + strings.ReplaceAll(p, ".", "")
		}
		if slices.ContainsFunc(stats, func(o stat) bool { return o.word == s.word }) {
			return nil, fmt.Errorf("Stats: %q: %s stands there twice", text, s.word)
		}
		stats = append(stats, s)
	}
	return stats, nil
}
