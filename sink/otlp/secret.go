package otlp

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// String describes the configuration without headers and passwords.
func (c Config) String() string {
	e, err := c.endpoint()
	if err != nil {
		return fmt.Sprintf("otlp.Config{%v}", err)
	}
	return fmt.Sprintf("otlp.Config{URL: %q, Headers: [%d redacted], Gzip: %v, Temporality: %q, Resource: %q, Apart: %v}",
		withoutQuery(e.url), len(c.Headers), c.Gzip, c.Temporality, c.Resource, c.Apart)
}

// Format writes String for every verb: %+v, %#v and wrong verbs would print the fields otherwise.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// LogValue is String, for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText is String, for encoders such as encoding/json.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// withoutQuery is the URL for people: some services take their keys in the query.
func withoutQuery(u string) string {
	u, _, _ = strings.Cut(u, "?")
	return u
}
