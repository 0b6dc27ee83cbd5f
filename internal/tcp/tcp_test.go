//go:build cgo && linux

package tcp_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

// pair returns both ends of a connection, and the descriptor of the first.
func pair(t *testing.T) (one, other *net.TCPConn, fd int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	one, other = accepted.(*net.TCPConn), dialed.(*net.TCPConn)
	raw, err := one.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(n uintptr) { fd = int(n) })
	return one, other, fd
}

func TestTheKernelTellsWhatCame(t *testing.T) {
	one, other, fd := pair(t)
	other.Write(make([]byte, 1000))
	io.ReadFull(one, make([]byte, 300))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		f, ok := tcp.FlowOf(fd)
		if ok && f == (tcp.Flow{Received: 1000, Unread: 700, Acked: f.Acked}) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v, %v", f, ok)
		}
	}
}

func TestEverySocketIsAnother(t *testing.T) {
	_, _, a := pair(t)
	_, _, b := pair(t)
	ida, ok1 := tcp.Identify(a)
	idb, ok2 := tcp.Identify(b)
	again, ok3 := tcp.Identify(a)
	if !ok1 || !ok2 || !ok3 || ida == idb || ida != again {
		t.Errorf("%v, %v, %v", ida, idb, again)
	}
}

func TestWhatIsNoConnectionIsNotKnown(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pipe[0])
	defer syscall.Close(pipe[1])
	for _, fd := range []int{-1, pipe[0]} {
		if _, ok := tcp.Identify(fd); ok {
			t.Errorf("%d was identified", fd)
		}
		if _, ok := tcp.FlowOf(fd); ok {
			t.Errorf("%d has a flow", fd)
		}
	}
}

func TestWhatComesOnAMutedConnectionIsReceivedLater(t *testing.T) {
	one, other, fd := pair(t)
	tcp.Mute(fd, true)
	other.Write([]byte("patience"))
	other.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	other.Read(make([]byte, 1)) // in that time it would have come
	if f, ok := tcp.FlowOf(fd); !ok || f.Received != 0 {
		t.Errorf("came: %+v", f)
	}
	tcp.Mute(fd, false)
	one.SetReadDeadline(time.Now().Add(30 * time.Second))
	got := make([]byte, 8)
	if _, err := io.ReadFull(one, got); err != nil || string(got) != "patience" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAResetIsOneToBothSides(t *testing.T) {
	one, other, fd := pair(t)
	other.Write(make([]byte, 1000))
	tcp.Reset(fd)
	other.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := other.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer sees %v", err)
	}
	one.SetReadDeadline(time.Now().Add(30 * time.Second))
	if n, err := one.Read(make([]byte, 1)); err == nil && n > 0 {
		t.Error("what was not read is still there")
	}
}
