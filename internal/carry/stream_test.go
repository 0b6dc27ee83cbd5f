package carry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer accepts connections and gives each to f, one after the other. What f read of each comes on the channel.
func peer(t *testing.T, f func(*net.TCPConn) []byte) (addr string, got chan []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got, done := make(chan []byte, 10), make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := f(c.(*net.TCPConn))
			c.Close()
			got <- b
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), got
}

var payload = bytes.Repeat([]byte("0123456789abcde\n"), 1<<19) // more than the system buffers

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestAPayloadGoesOnWhereItWasWhenThePeerOnlyHung(t *testing.T) {
	hang := make(chan struct{})
	addr, got := peer(t, func(c *net.TCPConn) []byte {
		<-hang
		b, _ := io.ReadAll(c)
		return b
	})
	s := &Stream{Network: "tcp", Addr: addr, Resume: time.Hour}
	defer s.Close()
	for again := range 3 {
		if err := s.Deliver(within(t, 30*time.Millisecond), payload, again > 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("try %d: %v", again, err)
		}
	}
	close(hang)
	if err := s.Deliver(t.Context(), payload, true); err != nil {
		t.Fatal(err)
	}
	if b := <-got; !bytes.Equal(b, payload) || len(got) > 0 {
		t.Errorf("%d bytes instead of %d, and %d further connections", len(b), len(payload), len(got))
	}
}

func TestAPayloadStartsOverOnANewConnection(t *testing.T) {
	for name, s := range map[string]*Stream{"by choice": {}, "after too long": {Resume: time.Nanosecond}} {
		hang := make(chan struct{})
		addr, got := peer(t, func(c *net.TCPConn) []byte {
			<-hang
			b, _ := io.ReadAll(c)
			return b
		})
		s.Network, s.Addr = "tcp", addr
		if err := s.Deliver(within(t, 30*time.Millisecond), payload, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		close(hang)
		if err := s.Deliver(t.Context(), payload, true); err != nil {
			t.Fatal(err)
		}
		if part, all := <-got, <-got; len(part) >= len(payload) || !bytes.Equal(all, payload) {
			t.Errorf("%s: %d and %d bytes", name, len(part), len(all))
		}
		s.Close()
	}
}

func TestNothingIsDeliveredThatThePeerDidNotRead(t *testing.T) {
	addr, _ := peer(t, func(c *net.TCPConn) []byte {
		c.SetLinger(0)
		io.ReadFull(c, make([]byte, 100))
		return nil
	})
	s := &Stream{Network: "tcp", Addr: addr, Resume: time.Hour}
	for _, p := range [][]byte{payload, payload[:4096]} {
		if err := s.Deliver(t.Context(), p, false); err == nil {
			t.Errorf("%d bytes are said to be delivered to a peer that broke off", len(p))
		}
		if s.conn != nil {
			t.Error("a broken connection is kept")
		}
	}
}

func TestUntilEndsWithTheContextAndLeavesTheConnectionUsable(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	release := Until(ctx, a)
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := a.Read(make([]byte, 1)); err == nil {
		t.Error("read nothing without an error")
	}
	release()
	go b.Write([]byte("x"))
	if _, err := a.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}
