//go:build cgo

package forwarder

import (
	"net/netip"
	"strings"
	"syscall"
)

// isAt reports whether a socket was accepted at an endpoint, and is not another file that has taken over the descriptor.
func isAt(fd int, bound string) bool {
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return false
	}
	if unix, ok := name.(*syscall.SockaddrUnix); ok {
		return "ipc://"+unix.Name == bound
	}
	want, err := netip.ParseAddrPort(strings.TrimPrefix(bound, "tcp://"))
	if err != nil {
		return false
	}
	got := addrPort(name)
	return got.Port() == want.Port() && (got.Addr() == want.Addr().Unmap().WithZone("") || want.Addr().IsUnspecified())
}

// peerOf returns the address of a peer, without the port.
func peerOf(fd int) string {
	name, err := syscall.Getpeername(fd)
	if err != nil {
		return ""
	}
	if a := addrPort(name); a.IsValid() {
		return a.Addr().String()
	}
	return "local"
}

func addrPort(name syscall.Sockaddr) netip.AddrPort {
	switch a := name.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}
