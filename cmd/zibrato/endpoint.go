//go:build cgo

package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/zibrato/zibrato/internal/endpoint"
)

// connecting is an endpoint to connect to, as a flag.
type connecting string

func (c *connecting) UnmarshalText(text []byte) error {
	*c = connecting(text)
	if err := endpoint.Check(string(text)); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// listening is an endpoint to listen at, as a flag.
type listening string

func (l *listening) UnmarshalText(text []byte) error {
	*l = listening(text)
	if err := checkListening(string(text)); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// checkListening finds the mistakes that an endpoint has on every machine. The forwarder finds the others, such as a port that is taken.
func checkListening(uri string) error {
	if path, ok := strings.CutPrefix(uri, "ipc://"); ok {
		if path == "" {
			return errors.New("want ipc://path")
		}
		return nil
	}
	hostport, ok := strings.CutPrefix(uri, "tcp://")
	if !ok {
		return errors.New("want tcp://host:port or ipc://path")
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil || host == "" {
		return errors.New("want tcp://host:port; * stands for every host and for a port of the kernel's choice")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil && port != "*" {
		return fmt.Errorf("port %q: want 0 to 65535, where 0 or * lets the kernel choose", port)
	}
	return nil
}

// remote reports whether the endpoint says by itself that other machines can reach it. A name says so only to those who look it up.
func (l listening) remote() bool {
	host, _, err := net.SplitHostPort(strings.TrimPrefix(string(l), "tcp://"))
	if err != nil || strings.HasPrefix(string(l), "ipc://") {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "*" || err == nil && !addr.Unmap().IsLoopback()
}
