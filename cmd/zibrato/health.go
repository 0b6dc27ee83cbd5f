//go:build cgo

package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

type healthCmd struct {
	Ready   bool          `help:"Ask whether it is ready, that is, connected and flushing, not only whether it is alive."`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer."`

	Admin adminAddr `arg:"" optional:"" default:"127.0.0.1:9465" env:"ZIBRATO_ADMIN" help:"What the other command has as --admin."`
}

func (healthCmd) Help() string {
	return `Asks a command that runs with --admin how it is, for supervisors that can only start a program, such as a container's HEALTHCHECK.

Example:

    zibrato health 127.0.0.1:9465

Exit status: 0 it is well, 1 it is not, or does not answer, 2 wrong usage.`
}

// maxReport is how much of a report is shown.
const maxReport = 4 << 10

func (c *healthCmd) Run(*slog.Logger) error {
	page := "/healthz"
	if c.Ready {
		page = "/readyz"
	}
	host, port, _ := net.SplitHostPort(string(c.Admin)) // checked when it was parsed
	if host == "" || host == "0.0.0.0" {
		host = "127.0.0.1"
	} else if host == "::" {
		host = "::1"
	}
	client := http.Client{Timeout: c.Timeout, Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy
	r, err := client.Get("http://" + net.JoinHostPort(host, port) + page)
	if err != nil {
		return fmt.Errorf("nobody answers at %s: is a command running with --admin, and this address? %w", c.Admin, errors.Unwrap(err))
	}
	defer r.Body.Close()
	report, err := io.ReadAll(io.LimitReader(r.Body, maxReport))
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(report)))
	}
	_, err = fmt.Print(string(report))
	return err
}
