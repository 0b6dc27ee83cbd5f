//go:build cgo && linux

package publisher

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zibrato/zibrato"
)

// memory returns a figure of this process, in bytes.
func memory(t testing.TB, name string) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), name+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// attackBytes is what an attack may cost an instrumented process, however busy the machine is: without a bound this one costs 90 MB.
const attackBytes = 16 << 20

// subscription appends a subscription to the n-th of many topics.
func subscription(frames []byte, n int) []byte {
	at := len(frames)
	frames = append(strconv.AppendInt(append(frames, "\x00\x00\x01zsum1|level"...), int64(n), 10), '|')
	frames[at+1] = byte(len(frames) - at - 2)
	return frames
}

// Whatever listens at the forwarder's port may subscribe as fast as it can: one topic after the other, or so many at once that libzmq is never done
// with them.
func TestAMillionSubscriptionsCostLittle(t *testing.T) {
	for name, batch := range map[string]int{"one by one": 1, "many at once": 16 << 10} {
		t.Run(name, func(t *testing.T) { testMillion(t, batch) })
	}
}

func testMillion(t *testing.T, batch int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rec := zibrato.New(zibrato.Config{})
	defer rec.Close()
	p, err := Start(Config{Recorder: rec, Endpoint: "tcp://" + l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute))
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	greeting := append([]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL"), make([]byte, 48)...)
	if _, err := conn.Write(append(greeting, "\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04XSUB"...)); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, conn)
	await := func(what string, there func(Stats) bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !there(p.Stats()); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %+v", what, p.Stats())
			}
		}
	}
	await("it does not connect", func(s Stats) bool { return s.Connected })
	// As many as an honest forwarder may say: what that takes is not the attack's.
	const honest = 256
	for n := range honest {
		if _, err := conn.Write(subscription(nil, n)); err != nil {
			t.Fatal(err)
		}
	}
	await("it does not hear of all", func(s Stats) bool { return s.Topics == honest })
	before := memory(t, "VmRSS")
	const topics = 1_000_000
	sent := honest
	var frames []byte
	for ; sent < topics; sent++ {
		frames = subscription(frames, sent)
		if len(frames) < batch {
			continue
		}
		if _, err := conn.Write(frames); err != nil {
			break
		}
		frames = frames[:0]
	}
	grown := memory(t, "VmRSS") - before
	t.Logf("%d topics were taken before the connection was closed; %d KiB more than before", sent, grown>>10)
	if grown > attackBytes {
		t.Errorf("it has grown by %d KiB", grown>>10)
	}
	if sent == topics {
		t.Error("the connection was kept")
	}
	if s := p.Stats(); s.Topics > maxTopics {
		t.Errorf("%+v", s)
	}
	if _, err := l.Accept(); err != nil {
		t.Errorf("it does not come back: %v", err)
	}
}
