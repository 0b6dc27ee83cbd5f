//go:build cgo

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/sink/graphite"
)

type graphiteCmd struct {
	merging     `set:"flush=10s"`
	Addr        string   `default:"${graphite_addr}" placeholder:"HOST:PORT" help:"The server's port for the plaintext protocol."`
	TLS         bool     `name:"tls" help:"Encrypt the connection, for a relay or proxy that takes that."`
	TLSCA       string   `name:"tls-ca" placeholder:"FILE" help:"The certificates to trust, in PEM; by default the system's. Goes with --tls."`
	TLSCert     string   `name:"tls-cert" placeholder:"FILE" help:"The certificate to show the server, in PEM. Goes with --tls-key."`
	TLSKey      string   `name:"tls-key" placeholder:"FILE" help:"The certificate's key, in PEM."`
	Tags        bool     `help:"Send tags as such, for Graphite 1.1 and VictoriaMetrics. Otherwise they are part of the path."`
	Prefix      string   `placeholder:"TEXT" help:"Goes before every name, as prod."`
	Template    string   `placeholder:"TEXT" help:"Makes paths without tags; by default {source}.{name}.{tags}. There are {level} and {kind}, too."`
	Stats       []string `placeholder:"LIST" help:"What to send of a series, as count,mean,p99.9: of count, rate, sum, mean, min, max, last, stddev and percentiles. By default all, with p50, p90, p95 and p99."`
	Unconfirmed bool     `help:"For servers that do not close a connection whose other end is closed."`
}

func (graphiteCmd) Help() string {
	return `Aggregates what arrives and sends it to Graphite, or to what takes its plaintext protocol, once in --flush, aligned to the
clock. Choose Graphite's finest retention, or a multiple of it. A window that did not arrive is sent again and comes to the
same; with --dir it waits on disk.

Example:

    zibrato graphite --addr 127.0.0.1:2003 --flush 10s --levels info+

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure, 2 wrong usage such as a certificate that cannot be read.`
}

func (c *graphiteCmd) Run(log *slog.Logger) error { return work("graphite", c, log) }

func (c *graphiteCmd) prepare(log *slog.Logger) (func(func()) (backend.Sink, error), error) {
	secure, err := c.tls()
	if err != nil {
		return nil, usageError{err}
	}
	sink, err := graphite.New(graphite.Config{
		Addr: c.Addr, TLS: secure, Tags: c.Tags, Prefix: c.Prefix, Template: c.Template, Stats: c.Stats, Unconfirmed: c.Unconfirmed, Logger: log,
	})
	if err != nil {
		return nil, usageError{flagTerms(err,
			"graphite: config: ", "", "Addr: ", "--addr: ", "Prefix: ", "--prefix: ", "Template: ", "--template: ", "Stats: ", "--stats: ", "with Tags", "with --tags",
		)}
	}
	return func(func()) (backend.Sink, error) { return sink, nil }, nil
}

// tls is what the flags say of encryption, nil for none.
func (c *graphiteCmd) tls() (*tls.Config, error) {
	if !c.TLS {
		if c.TLSCA != "" || c.TLSCert != "" || c.TLSKey != "" {
			return nil, errors.New("--tls: missing beside --tls-ca, --tls-cert or --tls-key")
		}
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLSCA != "" {
		text, err := os.ReadFile(c.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--tls-ca: %s: holds no certificate in PEM", c.TLSCA)
		}
	}
	if c.TLSCert != "" || c.TLSKey != "" {
		if c.TLSCert == "" || c.TLSKey == "" {
			return nil, errors.New("--tls-cert and --tls-key: one goes with the other")
		}
		cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}
