//go:build cgo

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/zibrato/zibrato/librato"
)

// account are the flags of every command that speaks Librato's API.
type account struct {
	User      string `env:"ZIBRATO_USER,LIBRATO_USER" placeholder:"EMAIL" help:"The account's e-mail."`
	Token     string `env:"ZIBRATO_TOKEN,LIBRATO_TOKEN" placeholder:"TOKEN" help:"An API token that may record. Other users of this machine can see command lines: better use --token-file or the environment."`
	TokenFile string `placeholder:"FILE" help:"A file that holds the token; wins over --token."`
	URL       string `name:"url" default:"${librato_url}" help:"Where the API is."`
	PlainHTTP bool   `name:"plain-http" help:"Let the token travel unencrypted to other hosts."`
}

// config is what the flags say. Whether it is valid is not known yet.
func (a *account) config() (librato.Config, error) {
	cfg := librato.Config{User: a.User, Token: a.Token, URL: a.URL, PlainHTTP: a.PlainHTTP}
	if a.TokenFile != "" {
		token, err := readToken(a.TokenFile)
		if err != nil {
			return cfg, err
		}
		cfg.Token = token
	}
	return cfg, nil
}

// accountTerms speaks of flags where package librato speaks of fields.
func accountTerms(err error) error {
	return flagTerms(err,
		"librato: config: ", "",
		"User: ", "--user (ZIBRATO_USER, LIBRATO_USER): ",
		"Token: ", "--token-file (ZIBRATO_TOKEN_FILE) or --token (ZIBRATO_TOKEN, LIBRATO_TOKEN): ",
		"URL: ", "--url: ", "Prefix: ", "--prefix: ", "Interval: ", "--flush: ", "Percentiles: ", "--percentiles: ",
		"set PlainHTTP", "say --plain-http",
	)
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
