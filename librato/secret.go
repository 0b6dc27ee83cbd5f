package librato

import (
	"fmt"
	"io"
	"log/slog"
)

// String describes the configuration without the credentials.
func (c Config) String() string {
	e, err := c.endpoint()
	if err != nil {
		return fmt.Sprintf("librato.Config{%v}", err)
	}
	return fmt.Sprintf("librato.Config{URL: %q, User: [redacted], Token: [redacted], BatchSize: %d, Gzip: %v, Prefix: %q, Percentiles: %v, From: %q, Levels: %q, Interval: %v}",
		e.url, c.batchSize(), c.Gzip, c.Prefix, c.Percentiles, c.From, c.Levels, c.Interval)
}

// Format writes String for every verb: %+v, %#v and wrong verbs would print the fields otherwise.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// LogValue is String, for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText is String, for encoders such as encoding/json.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
