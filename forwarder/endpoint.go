package forwarder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// resolveTimeout bounds how long Start waits for a name server.
const resolveTimeout = 5 * time.Second

// An endpoint is where a socket binds, in libzmq's own terms: names resolved, since libzmq binds addresses only.
type endpoint struct {
	uri  string
	ipv6 bool
}

// resolve checks an endpoint of Config and makes it one that libzmq can bind. Errors do not repeat the endpoint.
func resolve(uri string, allowRemote bool) (endpoint, error) {
	if path, ok := strings.CutPrefix(uri, "ipc://"); ok {
		return endpoint{uri: uri}, checkSocketFile(path)
	}
	hostport, ok := strings.CutPrefix(uri, "tcp://")
	if !ok {
		return endpoint{}, errors.New("want tcp://host:port or ipc://path")
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil || host == "" {
		return endpoint{}, errors.New("want tcp://host:port; * stands for every host and for a port of the kernel's choice")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil && port != "*" {
		return endpoint{}, fmt.Errorf("port %q: want 0 to 65535, where 0 or * lets the kernel choose", port)
	} else if n == 0 {
		port = "*"
	}
	if host == "*" {
		return endpoint{uri: "tcp://*:" + port}, checkReach(netip.IPv4Unspecified(), allowRemote)
	}
	addr, err := lookup(host)
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{uri: "tcp://" + net.JoinHostPort(addr.String(), port), ipv6: addr.Is6()}, checkReach(addr, allowRemote)
}

// lookup returns the address that a host stands for, an IPv4 one if it has any.
func lookup(host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap(), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%w; check the name, or give an address", err)
	}
	for _, a := range addrs {
		if a.Unmap().Is4() {
			return a.Unmap(), nil
		}
	}
	return addrs[0], nil
}

func checkReach(addr netip.Addr, allowRemote bool) error {
	if addr.IsLoopback() || allowRemote {
		return nil
	}
	return errors.New("other machines can reach this address, and whoever does can read and forge measurements; set Config.Key and Config.Allow, use 127.0.0.1, or set Config.AllowRemote")
}

// checkSocketFile refuses the path of an ipc socket that is in use. libzmq would not: it deletes whatever stands there,
// a living forwarder's socket or a file of another kind.
func checkSocketFile(path string) error {
	if path == "" {
		return errors.New("want ipc://path")
	}
	if path == "*" {
		return nil
	}
	if !strings.HasPrefix(path, "@") { // the abstract namespace of Linux has no files
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w; choose another path", err)
		}
		if info.Mode().Type() != fs.ModeSocket {
			return errors.New("a file stands there that is not a socket; remove it or choose another path")
		}
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return nil // nobody listens: what a program that was killed left behind
	}
	conn.Close()
	return errors.New("address already in use; stop the program that listens there or choose another path")
}
