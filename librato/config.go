package librato

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/zibrato/zibrato/internal/post"
	"github.com/zibrato/zibrato/keys"
	"github.com/zibrato/zibrato/metric"
)

// DefaultURL is where Librato's own API was.
const DefaultURL = "https://metrics-api.librato.com"

// API is one of the two forms of Librato's API.
type API string

const (
	Measurements API = "measurements" // tagged, POST /v1/measurements
	Metrics      API = "metrics"      // source-based, POST /v1/metrics, as Zibrato 0.2 used it
)

// The bounds of Config.
const (
	maxBatch  = 1000
	maxPrefix = 100
	maxWindow = time.Hour // longer ones would be too old to send when they end
)

// Config says where measurements go, and how. User and Token are needed; the zero of any other field means its default.
//
// A Config prints, logs and marshals without its credentials.
type Config struct {
	User  string // the account's e-mail; for AppOptics the word token
	Token string // an API token that may record

	// URL of the API's host, with or without /v1; by default DefaultURL. It may carry the credentials
	// (https://me%40example.org:token@host), which the fields User and Token override. A plain http URL of a host
	// other than this one is refused unless PlainHTTP is set.
	URL string

	// PlainHTTP allows credentials to travel unencrypted to other hosts.
	PlainHTTP bool

	API         API           // Measurements by default
	BatchSize   int           // measurements in one request, 1 to 1000; by default 500, with API Metrics 300
	Timeout     time.Duration // for one request and its reply; by default 30 s
	Gzip        bool          // compress requests: AppOptics takes that, Librato's documents do not mention it
	Prefix      string        // goes before every name, as "prod.": up to 100 of A-Z a-z 0-9 . : - _
	Percentiles []float64     // of timers and distributions, 1 to 100: 99.9 is sent as name.p99.9; by default none

	// Client sends the requests; by default one of the sink's own, without a proxy. Redirects are never followed,
	// whatever it says of them, for they would take the credentials elsewhere.
	Client *http.Client

	Logger *slog.Logger // by default none

	// The rest is for Start alone.

	From          string        // the forwarder's ZeroMQ endpoint; by default tcp://127.0.0.1:5551
	Key           keys.Pair     // encrypts the way from there; goes with ServerKey; by default none
	ServerKey     keys.Public   // the forwarder's
	NextServerKey keys.Public   // the one that the forwarder is about to have
	Levels        metric.Levels // what to subscribe to; by default all levels
	Samples       bool          // receive single samples; by default summaries, which cost less and come to the same
	Interval      time.Duration // the length of a window, 1 s to 1 h; by default a minute
	Dir           string        // where windows and totals are kept over a kill, see backend.Config; by default in memory only
	DirBytes      int64         // what windows and log may take there; by default 256 MiB
}

// Validate reports the first field that is wrong, by name. The error holds no credentials.
//
// [New] cannot return an error; a sink of a wrong Config refuses every window with this one.
func (c Config) Validate() error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("librato: config: %w", err)
	}
	return nil
}

func (c Config) validate() error {
	if _, err := c.endpoint(); err != nil {
		return err
	}
	switch {
	case c.API != "" && c.API != Measurements && c.API != Metrics:
		return fmt.Errorf("API: %q: want %s or %s", c.API, Measurements, Metrics)
	case c.BatchSize < 0 || c.BatchSize > maxBatch:
		return fmt.Errorf("BatchSize: %d: want 1 to %d", c.BatchSize, maxBatch)
	case c.Timeout < 0:
		return fmt.Errorf("Timeout: %v: want more than 0", c.Timeout)
	case c.Prefix != "" && legal(c.Prefix, maxPrefix, "") != c.Prefix:
		return fmt.Errorf("Prefix: %q: want up to %d of A-Z a-z 0-9 . : - _", c.Prefix, maxPrefix)
	case c.Interval != 0 && (c.Interval < time.Second || c.Interval > maxWindow):
		return fmt.Errorf("Interval: %v: want %v to %v", c.Interval, time.Second, maxWindow)
	}
	for i, p := range c.Percentiles {
		if !(p >= 1 && p <= 100) {
			return fmt.Errorf("Percentiles: %v: want 1 to 100, as 99.9", p)
		}
		if slices.Contains(c.Percentiles[:i], p) {
			return fmt.Errorf("Percentiles: %v stands there twice", p)
		}
	}
	for _, l := range c.Levels {
		if !l.Valid() {
			return fmt.Errorf("Levels: %q is no level", l)
		}
	}
	return nil
}

// endpoint is where requests go and what authorises them.
type endpoint struct {
	root, url, user, token string // the URLs without credentials: of the API and of what takes measurements
}

func (c Config) endpoint() (endpoint, error) {
	e := endpoint{user: c.User, token: c.Token}
	raw := c.URL
	if raw == "" {
		raw = DefaultURL
	}
	u, err := post.ParseURL(raw, "https://host")
	if err != nil {
		return e, err
	}
	if u.RawQuery != "" {
		return e, errors.New("URL: holds a query: want https://host")
	}
	if err := post.Hidden(u, "the token"); err != nil && !c.PlainHTTP {
		return e, err
	}
	if u.User != nil {
		if e.user == "" {
			e.user = u.User.Username()
		}
		if e.token == "" {
			e.token, _ = u.User.Password()
		}
		u.User = nil
	}
	switch {
	case e.user == "":
		return e, errors.New("User: missing: want the account's e-mail")
	case strings.Contains(e.user, ":"):
		return e, errors.New("User: holds a colon")
	case untidy(e.user):
		return e, errors.New("User: holds control characters or begins or ends with a space")
	case e.token == "":
		return e, errors.New("Token: missing: want an API token that may record")
	case untidy(e.token):
		return e, errors.New("Token: holds control characters or begins or ends with a space")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	u.RawPath = ""
	root := u.JoinPath("v1")
	e.root = root.String()
	if c.API == Metrics {
		e.url = root.JoinPath("metrics").String()
	} else {
		e.url = root.JoinPath("measurements").String()
	}
	return e, nil
}

func untidy(s string) bool {
	return s != strings.TrimSpace(s) || strings.ContainsFunc(s, unicode.IsControl)
}

func (c Config) batchSize() int {
	switch {
	case c.BatchSize > 0:
		return c.BatchSize
	case c.API == Metrics:
		return 300
	default:
		return 500
	}
}
