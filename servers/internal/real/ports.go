package real

import (
	"fmt"
	"net"
	"testing"
)

// addr returns an address of loopback whose port is free for both TCP and UDP, as the kernel has just said. Another process may be quicker
// to take it: then the program that it was for is started again with others.
func addr(t testing.TB) string {
	t.Helper()
	for range 100 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		tcp.Close()
		if err == nil {
			udp.Close()
			return tcp.Addr().String()
		}
	}
	t.Fatal("found no port that is free for both TCP and UDP")
	return ""
}

// split returns host and port of an address of ours.
func split(addr string) (host, port string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(fmt.Sprintf("an address of our own making: %v", err))
	}
	return host, port
}
