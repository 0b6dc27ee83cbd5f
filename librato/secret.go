package librato

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
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

// scrubber returns what takes the credentials out of a stranger's text: a server may echo what it was sent.
func (e endpoint) scrubber() *strings.Replacer {
	basic := base64.StdEncoding.EncodeToString([]byte(e.user + ":" + e.token))
	var pairs []string
	for _, s := range []string{basic, e.token, url.QueryEscape(e.token), url.PathEscape(e.token)} {
		pairs = append(pairs, s, "[redacted]")
	}
	if e.user != "token" { // the word that AppOptics takes for a user
		pairs = append(pairs, e.user, "[redacted]", url.QueryEscape(e.user), "[redacted]")
	}
	return strings.NewReplacer(pairs...)
}
