package otlp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/internal/post"
)

// The defaults of Config.
const (
	DefaultURL        = "http://127.0.0.1:4318/v1/metrics" // an OpenTelemetry Collector on this machine
	DefaultTimeout    = 10 * time.Second
	DefaultRepeat     = 5 * time.Minute
	DefaultMaxSeries  = 100_000
	DefaultMaxRequest = 2 << 20
)

// minRequest is the least that makes sense for Config.MaxRequest: a few data points with all that they may carry.
const minRequest = 64 << 10

// Temporality says whether sums and histograms are sent as what they came to since a start, or as what a window added.
type Temporality string

const (
	Cumulative Temporality = "cumulative" // the protocol's default; what Prometheus wants
	Delta      Temporality = "delta"      // up-down counters and gauges stay what they are
)

// Config says where data points go, and how. The zero of any field means its default.
//
// A Config prints, logs and marshals without its headers and without what is secret in its URL.
type Config struct {
	// URL is where requests go, path and all; by default DefaultURL. [MetricsURL] makes it of the base that OTLP's receivers are known by. A user and password
	// in it go along as basic authentication.
	URL string
	// Headers go with every request, as Authorization. To a host other than this one they go by https only, unless PlainHTTP is set.
	Headers map[string]string
	// PlainHTTP allows headers and passwords to travel unencrypted to other hosts.
	PlainHTTP bool
	// TLS is used for https; nil: the system's authorities. [LoadTLS] makes it of files.
	TLS *tls.Config
	// Gzip compresses requests.
	Gzip bool
	// Timeout is for one request and its reply.
	Timeout time.Duration
	// MaxRequest is about how large a request may get, in bytes before compression, 64 KiB at least; 0 means DefaultMaxRequest, 2 MiB. A window that needs more goes
	// in several.
	MaxRequest int

	// Temporality is Cumulative by default.
	Temporality Temporality
	// Resource are attributes of all resources, as deployment.environment.name. Its service.name replaces that of the source.
	Resource map[string]string
	// Apart is what the backend's Config.Apart is, so that the tags which that adds become attributes of the resource.
	Apart backend.Apart
	// Repeat is for how long a series that nothing happens to is sent again with each window; 0 means DefaultRepeat, 5 minutes, which is when
	// Prometheus takes a series for gone. Less than 0 means not at all.
	Repeat time.Duration
	// MaxSeries bounds the series that are remembered, see the package comment; 0 means DefaultMaxSeries.
	MaxSeries int

	// Client sends the requests; by default one of the sink's own, without a proxy; TLS is not for it. Redirects are never followed, for they would
	// take the headers elsewhere.
	Client *http.Client

	Logger *slog.Logger // by default none
}

// Validate reports the first field that is wrong, by name. The error holds no secret.
//
// [New] cannot return an error; a sink of a wrong Config refuses every window with this one.
func (c Config) Validate() error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("otlp: config: %w", err)
	}
	return nil
}

func (c Config) validate() error {
	if _, err := c.endpoint(); err != nil {
		return err
	}
	switch {
	case c.Timeout < 0:
		return fmt.Errorf("Timeout: %v: want more than 0", c.Timeout)
	case c.MaxRequest != 0 && c.MaxRequest < minRequest:
		return fmt.Errorf("MaxRequest: %d: want at least %d", c.MaxRequest, minRequest)
	case c.Temporality != "" && c.Temporality != Cumulative && c.Temporality != Delta:
		return fmt.Errorf("Temporality: %q: want %s or %s", c.Temporality, Cumulative, Delta)
	case c.Apart > backend.ByProcess:
		return fmt.Errorf("Apart: %v: want None, ByHost or ByProcess", c.Apart)
	case c.MaxSeries < 0:
		return fmt.Errorf("MaxSeries: %d: want more than 0", c.MaxSeries)
	case c.Client != nil && c.TLS != nil:
		return errors.New("TLS: Client is set too, and has its own")
	}
	for k, v := range c.Headers {
		if !token(k) {
			return fmt.Errorf("Headers: %q is no name of a header", k)
		}
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) || strings.TrimSpace(v) != v {
			return fmt.Errorf("Headers: the value of %s holds control characters or begins or ends with a space", k)
		}
	}
	for k := range c.Resource {
		if k == "" {
			return errors.New("Resource: an attribute has no name")
		}
	}
	return nil
}

// token reports whether a header may have this name.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// endpoint is where requests go and what goes with them.
type endpoint struct {
	url            string // without credentials
	user, password string
}

func (c Config) endpoint() (endpoint, error) {
	raw := c.URL
	if raw == "" {
		raw = DefaultURL
	}
	u, err := post.ParseURL(raw, "https://host/path, or http://127.0.0.1:4318/v1/metrics")
	if err != nil {
		return endpoint{}, err
	}
	if err := post.Hidden(u, "headers"); err != nil && (len(c.Headers) > 0 || u.User != nil) && !c.PlainHTTP {
		return endpoint{}, err
	}
	var e endpoint
	if u.User != nil {
		e.user = u.User.Username()
		e.password, _ = u.User.Password()
		u.User = nil
	}
	if u.Path == "" {
		u.Path = "/"
	}
	e.url = u.String()
	return e, nil
}

// MetricsURL returns where metrics go at a base URL: the path /v1/metrics below it, as OTEL_EXPORTER_OTLP_ENDPOINT means it. A URL that
// ends with that path comes back as it is.
func MetricsURL(base string) string {
	rest, query, has := strings.Cut(base, "?")
	if rest = strings.TrimRight(rest, "/"); !strings.HasSuffix(rest, "/v1/metrics") {
		rest += "/v1/metrics"
	}
	if has {
		rest += "?" + query
	}
	return rest
}

// SolarWindsURL returns where SolarWinds Observability, which succeeded Librato and AppOptics, takes metrics in one of its data centres, such as
// na-01, eu-01 or ap-01. It wants the header Authorization: Bearer and an API token.
func SolarWindsURL(dataCentre string) string {
	return "https://otel.collector." + dataCentre + ".cloud.solarwinds.com/v1/metrics"
}
