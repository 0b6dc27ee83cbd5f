//go:build cgo

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/otlp"
)

type otlpCmd struct {
	merging     `set:"flush=10s"`
	Endpoint    string            `placeholder:"URL" help:"Where the receiver is, as http://127.0.0.1:4318 of a collector; /v1/metrics is added unless it is there. By default what OTEL_EXPORTER_OTLP_ENDPOINT says, else that."`
	SolarWinds  string            `name:"solarwinds" placeholder:"DATACENTRE" help:"Send to SolarWinds Observability, as na-01 or eu-01. It wants a token."`
	TokenFile   string            `placeholder:"FILE" help:"A file that holds a token, which goes as Authorization: Bearer."`
	Header      []string          `sep:"none" placeholder:"NAME=VALUE" help:"Send this header with every request. Other users of this machine can see command lines: better keep secrets in a file."`
	HeadersFile string            `placeholder:"FILE" help:"A file of such headers, one a line."`
	Temporality string            `placeholder:"WHICH" help:"cumulative or delta. By default cumulative."`
	Resource    map[string]string `mapsep:"," placeholder:"NAME=VALUE" help:"An attribute of all that is sent, as deployment.environment.name=prod; service.name replaces the source."`
	Gzip        *bool             `negatable:"" help:"Compress requests."`
	Timeout     time.Duration     `placeholder:"TIME" help:"How long a request may take. By default 10s."`
	CA          string            `name:"ca" placeholder:"FILE" help:"Certificates of the authorities to trust, in PEM. By default the system's."`
	Cert        string            `placeholder:"FILE" help:"The certificate to show, in PEM; goes with --cert-key."`
	CertKey     string            `placeholder:"FILE" help:"Its key."`
	PlainHTTP   bool              `name:"plain-http" help:"Let headers travel unencrypted to other hosts."`
	Repeat      time.Duration     `default:"5m" help:"Send a series that nothing happens to again for so long; --repeat=-1s means not at all."`
	MaxSeries   int               `default:"100000" help:"How many series to remember at most."`
}

func (otlpCmd) Help() string {
	return `Sends what arrives by OTLP, HTTP and protobuf, to a collector, to Prometheus or to a service, once in --flush. A receiver that
does not answer is tried again until it does. With --dir what it does not take waits on disk.

OpenTelemetry's variables are honoured, OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _TIMEOUT, _COMPRESSION, _CERTIFICATE and so on,
those with _METRICS too, OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME; flags win.

Example:

    zibrato otlp --endpoint http://127.0.0.1:4318 --levels info+
    zibrato otlp --endpoint http://127.0.0.1:9090/api/v1/otlp            # Prometheus, with --web.enable-otlp-receiver
    zibrato otlp --solarwinds na-01 --token-file /etc/zibrato/token

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure, 2 wrong usage such as a header without a name.`
}

func (c *otlpCmd) Run(log *slog.Logger) error { return work("otlp", c, log) }

func (c *otlpCmd) prepare(log *slog.Logger) (func(func()) (backend.Sink, error), error) {
	cfg, err := c.config(log)
	if err != nil {
		return nil, usageError{err}
	}
	return func(func()) (backend.Sink, error) { return otlp.New(cfg), nil }, nil
}

// config is what the environment says, and the flags over it.
func (c *otlpCmd) config(log *slog.Logger) (otlp.Config, error) {
	cfg, err := otlp.FromEnvironment(c.lookup)
	if err != nil {
		return cfg, flagTerms(err, "otlp: ", "")
	}
	switch {
	case c.Endpoint != "" && c.SolarWinds != "":
		return cfg, errors.New("--endpoint and --solarwinds: want one of them")
	case c.SolarWinds != "" && strings.ContainsAny(c.SolarWinds, "/.:@?# "):
		return cfg, fmt.Errorf("--solarwinds: %q: want a data centre, as na-01", c.SolarWinds)
	case c.SolarWinds != "" && c.TokenFile == "":
		return cfg, errors.New("--solarwinds: a token is missing: say --token-file")
	case c.SolarWinds != "":
		cfg.URL = otlp.SolarWindsURL(c.SolarWinds)
	case c.Endpoint != "":
		cfg.URL = otlp.MetricsURL(c.Endpoint)
	}
	if cfg.Headers, err = c.headers(cfg.Headers); err != nil {
		return cfg, err
	}
	for k, v := range c.Resource {
		if cfg.Resource == nil {
			cfg.Resource = make(map[string]string)
		}
		cfg.Resource[k] = v
	}
	if c.CA != "" || c.Cert != "" || c.CertKey != "" {
		if cfg.TLS, err = otlp.LoadTLS(c.CA, c.Cert, c.CertKey); err != nil {
			return cfg, flagTerms(err, "otlp: ", "", "authorities", "--ca", "certificate and key", "--cert, --cert-key")
		}
	}
	if c.Gzip != nil {
		cfg.Gzip = *c.Gzip
	}
	if c.Temporality != "" {
		cfg.Temporality = otlp.Temporality(c.Temporality)
	}
	if c.Timeout != 0 {
		cfg.Timeout = c.Timeout
	}
	if c.Repeat == 0 || c.MaxSeries == 0 { // which for the library mean defaults
		return cfg, errors.New("--repeat, --max-series: 0: want more, or --repeat=-1s")
	}
	cfg.PlainHTTP, cfg.Apart, cfg.Repeat, cfg.MaxSeries, cfg.Logger = c.PlainHTTP, c.Apart.Apart, c.Repeat, c.MaxSeries, log
	return cfg, flagTerms(cfg.Validate(), "otlp: config: ", "", "URL: ", "--endpoint: ", "Headers: ", "--header: ", "Timeout: ", "--timeout: ",
		"Temporality: ", "--temporality: ", "Resource: ", "--resource: ", "MaxSeries: ", "--max-series: ", "set PlainHTTP", "say --plain-http")
}

// lookup looks variables up for what no flag says.
func (c *otlpCmd) lookup(name string) string {
	switch {
	case (c.Endpoint != "" || c.SolarWinds != "") && (strings.HasSuffix(name, "_ENDPOINT") || strings.HasSuffix(name, "_PROTOCOL")):
		return ""
	case (c.CA != "" || c.Cert != "" || c.CertKey != "") && (strings.HasSuffix(name, "_CERTIFICATE") || strings.HasSuffix(name, "_CLIENT_KEY")):
		return ""
	}
	return os.Getenv(name)
}

// headers are those of the environment, of the file, of the token and of the flags; of one that is there several times the last counts.
func (c *otlpCmd) headers(from map[string]string) (map[string]string, error) {
	all := make(map[string]string)
	for k, v := range from {
		all[http.CanonicalHeaderKey(k)] = v
	}
	add := func(what, pair string) error {
		k, v, ok := strings.Cut(pair, "=")
		if !ok { // which is not quoted: it may be a secret
			return fmt.Errorf("%s: want NAME=VALUE", what)
		}
		all[http.CanonicalHeaderKey(strings.TrimSpace(k))] = strings.TrimSpace(v)
		return nil
	}
	if c.HeadersFile != "" {
		lines, err := readHeaders(c.HeadersFile)
		if err != nil {
			return nil, err
		}
		for n, line := range lines {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			if err := add(fmt.Sprintf("--headers-file: %s:%d", c.HeadersFile, n+1), line); err != nil {
				return nil, err
			}
		}
	}
	if c.TokenFile != "" {
		token, err := readToken(c.TokenFile)
		if err != nil {
			return nil, err
		}
		all["Authorization"] = "Bearer " + token
	}
	for _, h := range c.Header {
		if err := add("--header", h); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// maxHeadersFile is more than servers take of headers.
const maxHeadersFile = 64 << 10

func readHeaders(path string) (lines []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--headers-file: %w", err)
	}
	defer f.Close()
	s := bufio.NewScanner(io.LimitReader(f, maxHeadersFile))
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if s.Err() != nil {
		return nil, fmt.Errorf("--headers-file: %s: %w", path, s.Err())
	}
	return lines, nil
}
