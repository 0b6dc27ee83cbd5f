package otlp

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
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

// scrubber returns what takes secrets out of a stranger's text: a receiver may echo what it was sent.
func (c Config) scrubber(e endpoint) *strings.Replacer {
	var secrets []string
	for _, v := range c.Headers {
		secrets = append(secrets, v)
		if scheme, credentials, ok := strings.Cut(v, " "); ok {
			secrets = append(secrets, credentials)
			if plain, err := base64.StdEncoding.DecodeString(credentials); strings.EqualFold(scheme, "basic") && err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				secrets = append(secrets, string(plain), password)
			}
		}
	}
	if e.user+e.password != "" {
		secrets = append(secrets, e.password, base64.StdEncoding.EncodeToString([]byte(e.user+":"+e.password)))
	}
	if _, query, ok := strings.Cut(e.url, "?"); ok {
		secrets = append(secrets, query)
		if values, err := url.ParseQuery(query); err == nil {
			for _, vs := range values {
				secrets = append(secrets, vs...)
			}
		}
	}
	// Longer ones first: of two that begin at one place the replacer takes the first.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range secrets {
		if len(s) < 4 { // as the value 1 of a header: no secret, and everywhere
			continue
		}
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s)} {
			pairs = append(pairs, form, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}
