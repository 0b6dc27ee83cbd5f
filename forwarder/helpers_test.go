//go:build cgo

package forwarder

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// patience is how long a test waits for what has to happen. Nothing waits that long unless the test fails.
const patience = time.Minute

// start starts a forwarder on ports of the kernel's choice, and closes it with the test.
func start(t testing.TB, cfg Config) *Forwarder {
	t.Helper()
	if cfg.In == "" {
		cfg.In = "tcp://127.0.0.1:0"
	}
	if cfg.Out == "" {
		cfg.Out = "tcp://127.0.0.1:0"
	}
	f, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%+v", f.Stats())
		}
		f.Close()
	})
	return f
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// socket makes and connects a socket that gives up after patience, and closes it with the test.
func socket(t testing.TB, kind zmq.Type, addr string) *zmq.Socket {
	t.Helper()
	s, err := zmq.NewSocket(kind)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	must(t, s.SetLinger(0), s.SetRcvtimeo(patience), s.SetSndtimeo(patience), s.SetReconnectIvl(10*time.Millisecond))
	must(t, s.SetImmediate(kind == zmq.XPUB)) // with which it hears of a lost connection
	must(t, s.Connect(addr))
	return s
}

// monitored connects a socket and tells whether it has lost a connection since.
func monitored(t testing.TB, kind zmq.Type, addr string) (s *zmq.Socket, disconnected func() bool) {
	t.Helper()
	s, err := zmq.NewSocket(kind)
	must(t, err)
	events, err := zmq.NewSocket(zmq.PAIR)
	must(t, err)
	t.Cleanup(func() {
		s.Monitor("", 0)
		events.Close()
		s.Close()
	})
	name := fmt.Sprintf("inproc://forwarder-test-%d", serial.Inc())
	must(t, events.SetRcvhwm(0), s.SetLinger(0), s.SetReconnectIvl(10*time.Millisecond))
	must(t, s.Monitor(name, zmq.EVENT_DISCONNECTED), events.Connect(name), s.Connect(addr))
	return s, func() bool {
		_, _, _, err := events.RecvEvent(zmq.DONTWAIT)
		return err == nil
	}
}

// publisher connects a publisher that hears subscriptions and drops nothing.
func publisher(t testing.TB, f *Forwarder) *zmq.Socket {
	t.Helper()
	s := socket(t, zmq.XPUB, f.InAddr())
	must(t, s.SetXpubNodrop(true))
	return s
}

func subscriber(t testing.TB, f *Forwarder, topics ...string) *zmq.Socket {
	t.Helper()
	s := socket(t, zmq.SUB, f.OutAddr())
	for _, topic := range topics {
		must(t, s.SetSubscribe(topic))
	}
	return s
}

// hears asserts what arrives next at a socket.
func hears(t testing.TB, s *zmq.Socket, want ...string) {
	t.Helper()
	for _, w := range want {
		got, err := s.Recv(0)
		if err != nil {
			t.Fatalf("waiting for %.80q: %v", w, err)
		}
		if got != w {
			t.Fatalf("got %.80q, want %.80q", got, w)
		}
	}
}

func send(t testing.TB, s *zmq.Socket, message string) {
	t.Helper()
	if _, err := s.Send(message, 0); err != nil {
		t.Fatalf("sending %.80q: %v", message, err)
	}
}

// stranger speaks ZMTP 3.0 (https://rfc.zeromq.org/spec/23/) by hand, so that it can do what libzmq would not.
type stranger struct{ *net.TCPConn }

func newStranger(t testing.TB, addr, socketType string) stranger {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "tcp://"))
	must(t, err)
	s := stranger{conn.(*net.TCPConn)}
	t.Cleanup(func() { s.Close() })
	must(t, s.SetDeadline(time.Now().Add(patience)))
	greeting := make([]byte, 64)
	copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL")
	property := func(name, value string) string {
		return string(byte(len(name))) + name + string(binary.BigEndian.AppendUint32(nil, uint32(len(value)))) + value
	}
	ready := "\x05READY" + property("Socket-Type", socketType)
	_, err = s.Write(append(greeting, "\x04"+string(byte(len(ready)))+ready...))
	must(t, err)
	theirs := make([]byte, 64)
	_, err = io.ReadFull(s, theirs)
	must(t, err)
	kind, body := s.read(t)
	if kind != 4 || !bytes.HasPrefix(body, []byte("\x05READY")) {
		t.Fatalf("the handshake brought %x %q", kind, body)
	}
	return s
}

// newOldStranger speaks ZMTP 2.0 (https://rfc.zeromq.org/spec/15/), in which peers say little about themselves.
func newOldStranger(t testing.TB, addr, socketType string) stranger {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "tcp://"))
	must(t, err)
	s := stranger{conn.(*net.TCPConn)}
	t.Cleanup(func() { s.Close() })
	const revision = "\x01"
	kind := map[string]string{"PUB": "\x01", "SUB": "\x02"}[socketType]
	const identity = "\x00\x00"
	_, err = s.Write([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f" + revision + kind + identity))
	must(t, err)
	return s
}

// read returns the next frame.
func (s stranger) read(t testing.TB) (flags byte, body []byte) {
	t.Helper()
	head := make([]byte, 2)
	_, err := io.ReadFull(s, head)
	must(t, err)
	size := uint64(head[1])
	if head[0]&2 != 0 {
		rest := make([]byte, 7)
		_, err := io.ReadFull(s, rest)
		must(t, err)
		size = binary.BigEndian.Uint64(append(head[1:2:2], rest...))
	}
	body = make([]byte, size)
	_, err = io.ReadFull(s, body)
	must(t, err)
	return head[0], body
}

// write sends a frame of less than 256 bytes.
func (s stranger) write(t testing.TB, flags byte, body string) {
	t.Helper()
	_, err := s.Write(append([]byte{flags, byte(len(body))}, body...))
	must(t, err)
}
