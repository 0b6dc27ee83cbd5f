//go:build cgo

package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/zibrato/zibrato/backend"
	"github.com/zibrato/zibrato/librato"
)

type libratoCmd struct {
	merging     `set:"flush=60s"`
	User        string    `env:"ZIBRATO_USER,LIBRATO_USER" placeholder:"EMAIL" help:"The account's e-mail."`
	Token       string    `env:"ZIBRATO_TOKEN,LIBRATO_TOKEN" placeholder:"TOKEN" help:"An API token that may record. Other users of this machine can see command lines: better use --token-file or the environment."`
	TokenFile   string    `placeholder:"FILE" help:"A file that holds the token; wins over --token."`
	URL         string    `name:"url" default:"${librato_url}" help:"Where the API is."`
	API         string    `name:"api" default:"measurements" enum:"measurements,metrics" help:"measurements (tagged) or metrics (source-based, as Zibrato 0.2)."`
	Prefix      string    `placeholder:"TEXT" help:"Goes before every name."`
	Percentiles []float64 `placeholder:"LIST" help:"Percentiles of timers and distributions to send, as 50,99.9."`
	PlainHTTP   bool      `name:"plain-http" help:"Let the token travel unencrypted to other hosts."`
}

func (libratoCmd) Help() string {
	return `Aggregates what arrives and sends it once in --flush, aligned to the clock. A service that does not answer is tried
again until it does. With --dir what it does not take waits on disk, and after a kill or a crash nothing is lost and nothing
counts twice.

Example:

    zibrato librato --levels info+ --flush 60s --user me@example.org --token-file /etc/zibrato/token

Exit status: 0 ended by SIGTERM or SIGINT, 1 failure, 2 wrong usage such as a missing token.`
}

func (c *libratoCmd) Run(log *slog.Logger) error { return work("librato", c, log) }

func (c *libratoCmd) prepare(log *slog.Logger) (func(func()) (backend.Sink, error), error) {
	cfg, err := c.config(log)
	return func(func()) (backend.Sink, error) { return librato.New(cfg), nil }, err
}

func (c *libratoCmd) config(log *slog.Logger) (librato.Config, error) {
	cfg := librato.Config{
		User: c.User, Token: c.Token, URL: c.URL, PlainHTTP: c.PlainHTTP, API: librato.API(c.API),
		Prefix: c.Prefix, Percentiles: c.Percentiles, Logger: log, Interval: c.Flush,
	}
	if c.TokenFile != "" {
		token, err := readToken(c.TokenFile)
		if err != nil {
			return cfg, usageError{err}
		}
		cfg.Token = token
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usageError{flagTerms(err,
			"librato: config: ", "",
			"User: ", "--user (ZIBRATO_USER, LIBRATO_USER): ",
			"Token: ", "--token-file (ZIBRATO_TOKEN_FILE) or --token (ZIBRATO_TOKEN, LIBRATO_TOKEN): ",
			"URL: ", "--url: ", "Prefix: ", "--prefix: ", "Interval: ", "--flush: ", "Percentiles: ", "--percentiles: ",
			"set PlainHTTP", "say --plain-http",
		)}
	}
	return cfg, nil
}

// maxTokenFile is far more than any token has, and keeps a wrong path, to a device for instance, from doing harm.
const maxTokenFile = 4096

func readToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || len(text) > maxTokenFile {
		return "", fmt.Errorf("--token-file: %s: want a file that holds a token and nothing else", path)
	}
	return token, nil
}
