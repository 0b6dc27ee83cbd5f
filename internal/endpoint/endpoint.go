// Package endpoint holds what the sockets that connect, publishers and subscribers, have in common: endpoints and options.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

const resolveTimeout = 2 * time.Second

// Check finds mistakes that libzmq would keep to itself, since it resolves and connects in the background.
func Check(uri string) error {
	if path, ok := strings.CutPrefix(uri, "ipc://"); ok {
		if path == "" || path == "*" {
			return errors.New("want ipc://path")
		}
		return nil
	}
	hostport, ok := strings.CutPrefix(uri, "tcp://")
	if !ok {
		return errors.New("want tcp://host:port or ipc://path")
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil || host == "" || host == "*" {
		return errors.New("want tcp://host:port, with the host to connect to; an IPv6 address stands in brackets")
	}
	if strings.ContainsAny(host, " /@;|") {
		return fmt.Errorf("host %q: want an address or a name", host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %q: want 1 to 65535", port)
	}
	return nil
}

// NeedsIPv6 reports whether the endpoint can be reached by IPv6 only. libzmq, told to use IPv6, prefers it, and would look
// for localhost at ::1 while a forwarder listens on 127.0.0.1. A name that cannot be looked up now is taken for an IPv4 one;
// libzmq goes on looking.
func NeedsIPv6(uri string) bool {
	hostport, ok := strings.CutPrefix(uri, "tcp://")
	if !ok {
		return false
	}
	host, _, _ := net.SplitHostPort(hostport)
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Is6()
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if a.Unmap().Is4() {
			return false
		}
	}
	return true
}
