//go:build cgo

package subscriber

import (
	"bytes"
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/zibrato/zibrato/metric"
)

// A forwarder's last word may be lost: one that closes a connection while something waits to be read says so with a single RST, which nobody
// repeats. A partition makes the same of it as a host that loses its power. Heartbeats are no help then: libzmq forgets when it is to
// expect the next as soon as a message comes.
func TestAConnectionThatVanishedIsMadeAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	s, err := Start(Config{From: "tcp://" + l.Addr().String()})
	must(t, err)
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go s.Receive(ctx, func(*metric.Batch) {})
	must(t, l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	conn, err := l.Accept()
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	say := func(what string) {
		_, err := conn.Write([]byte(what))
		must(t, err)
	}
	heard := []byte(nil)
	hear := func(what string) {
		for more := make([]byte, 1024); !bytes.Contains(heard, []byte(what)); {
			n, err := conn.Read(more)
			must(t, err)
			heard = append(heard, more[:n]...)
		}
	}
	// What a forwarder says, in ZMTP 3.1 (https://rfc.zeromq.org/spec/37/).
	say("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + string(make([]byte, 48)))
	say("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB")
	hear("READY")
	say("\x04\x07\x04PING\x00\x0a") // expect the next within a second
	hear("PONG")
	say("\x00\x05hello")
	eventually(t, "the message is there", func() bool { return s.Stats().Messages > 0 })
	vanish(t, conn.(*net.TCPConn))
	if _, err := l.Accept(); err != nil {
		t.Errorf("it still believes in the connection: %v", err)
	}
}

// vanish closes a connection without a word to the other side, once both have acknowledged all that was said: whoever lacks an acknowledgement would
// ask again, and hear that there is no such connection.
func vanish(t *testing.T, c *net.TCPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	must(t, err)
	eventually(t, "all is acknowledged", func() bool {
		unacknowledged := int32(-1)
		must(t, raw.Control(func(fd uintptr) {
			syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&unacknowledged)))
		}))
		return unacknowledged == 0
	})
	var refused error
	must(t, raw.Control(func(fd uintptr) {
		// The kernel says nothing of the end of a connection that is being repaired, see tcp(7) and https://lwn.net/Articles/495304/.
		const repair = 19
		refused = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, repair, 1)
	}))
	if errors.Is(refused, syscall.EPERM) {
		t.Skip("this takes the right to administer the network")
	}
	must(t, refused, c.Close())
}
