//go:build cgo && linux

package fuzz

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/forwarder"
)

// patience is how long what must happen may take.
const patience = 30 * time.Second

// served is a live forwarder, with an honest publisher and an honest subscriber, which see whether they are served.
type served struct {
	forwarder *forwarder.Forwarder
	pub, sub  *zmq.Socket
	sent      int
}

const (
	honestTopic = "honest|"
	maxTopic    = 64 // as docs/wire.md says
)

func serve(f *testing.F) *served {
	fwd, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:*", Out: "tcp://127.0.0.1:*"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { fwd.Close() })
	s := &served{forwarder: fwd}
	s.pub = socket(f, zmq.XPUB, fwd.InAddr())
	s.sub = socket(f, zmq.SUB, fwd.OutAddr())
	if err := s.sub.SetSubscribe(honestTopic); err != nil {
		f.Fatal(err)
	}
	for { // its subscription comes through
		topic, err := s.pub.RecvBytes(0)
		if err != nil {
			f.Fatal(err)
		}
		if string(topic) == "\x01"+honestTopic {
			return s
		}
	}
}

func socket(f *testing.F, kind zmq.Type, endpoint string) *zmq.Socket {
	s, err := zmq.NewSocket(kind)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	if err := cmp.Or(s.SetLinger(0), s.SetRcvtimeo(patience), s.SetSndtimeo(patience), s.SetReconnectIvl(time.Millisecond), s.Connect(endpoint)); err != nil {
		f.Fatal(err)
	}
	return s
}

// check sends a message through the forwarder, and looks at what this told the publisher.
func (s *served) check(t *testing.T) {
	t.Helper()
	s.sent++
	want := fmt.Sprint(honestTopic, s.sent)
	if _, err := s.pub.Send(want, 0); err != nil {
		t.Fatal(err)
	}
	for {
		got, err := s.sub.Recv(0)
		if err != nil {
			t.Fatalf("the honest subscriber is not served any more: %v; %+v", err, s.forwarder.Stats())
		}
		if got == want {
			break
		}
	}
	for {
		topic, err := s.pub.RecvBytes(zmq.DONTWAIT)
		if err != nil {
			break
		}
		said := string(topic[min(1, len(topic)):])
		if len(topic) == 0 || topic[0] > 1 || len(said) > maxTopic || !utf8.ValidString(said) || strings.ContainsFunc(said, unicode.IsControl) {
			t.Fatalf("publishers are told %q", topic)
		}
		if string(topic) == "\x00"+honestTopic {
			t.Fatal("somebody withdrew the honest subscription")
		}
	}
	if n := s.forwarder.Stats().Topics; n > forwarder.DefaultMaxTopics {
		t.Fatalf("%d topics are relayed", n)
	}
}

// FuzzSubscriptions sends frames of any kind to a live forwarder's subscribers' side: each after its length, and the last may have more parts.
func FuzzSubscriptions(f *testing.F) {
	s := serve(f)
	hostile := socket(f, zmq.XSUB, s.forwarder.OutAddr())
	f.Add(join("\x01zsum1|", "\x00zsum1|", "\x01", "\x00"))
	f.Add(join("\x01"+honestTopic, "\x00"+honestTopic, "\x00"+honestTopic))
	f.Add(join("", "\x02x", "x", "\x01\xff", "\x01\x00", "\x01"+strings.Repeat("x", 64), "\x01"+strings.Repeat("x", 65), "\x01"+strings.Repeat("x", 200)))
	f.Fuzz(func(t *testing.T, data []byte) {
		frames := split(data)
		for i, frame := range frames {
			flags := zmq.Flag(0)
			if len(frames) > 3 && i == len(frames)-2 {
				flags = zmq.SNDMORE
			}
			if _, err := hostile.Send(frame, flags|zmq.DONTWAIT); err != nil {
				break // it was cut off
			}
		}
		s.check(t)
	})
}

// greeting is how a connection of ZMTP 3 without keys begins, with the command that makes it a peer of this type.
func greeting(kind string) []byte {
	g := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0}, make([]byte, 52)...)
	copy(g[12:], "NULL")
	ready := append([]byte("\x05READY\x0bSocket-Type"), binary.BigEndian.AppendUint32(nil, uint32(len(kind)))...)
	ready = append(ready, kind...)
	return append(append(g, 4, byte(len(ready))), ready...)
}

// FuzzWire sends bytes of any kind to a live forwarder, on either side, as somebody new or after a proper greeting.
func FuzzWire(f *testing.F) {
	s := serve(f)
	sub, pub := greeting("SUB"), greeting("PUB")
	f.Add(false, false, []byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(true, true, []byte("\x00\x05\x01info\x00\x05\x00info"))
	f.Add(false, true, []byte("\x00\x03abc\x01\x01x\x00\x01y\x02\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(true, false, sub)
	f.Add(false, false, pub[:70])
	f.Add(true, true, append([]byte("\x04\x0a\x04PING\x00\x00abc"), bytes.Repeat([]byte{1}, 300)...))
	n := 0
	f.Fuzz(func(t *testing.T, out, greeted bool, data []byte) {
		addr, hello := s.forwarder.InAddr(), pub
		if out {
			addr, hello = s.forwarder.OutAddr(), sub
		}
		// From many addresses, all of this machine on Linux: of one, few are let in.
		n++
		from := &net.TCPAddr{IP: net.IPv4(127, byte(1+n>>16), byte(n>>8), byte(n))}
		c, err := (&net.Dialer{LocalAddr: from, Timeout: patience}).Dial("tcp", strings.TrimPrefix(addr, "tcp://"))
		if err != nil {
			t.Fatal(err)
		}
		c.(*net.TCPConn).SetLinger(0) // no ports wait for what is closed
		c.SetDeadline(time.Now().Add(patience))
		if greeted {
			c.Write(hello)
		}
		c.Write(data) // it may be cut off
		s.check(t)
		c.Close()
	})
}
