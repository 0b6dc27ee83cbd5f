//go:build cgo && linux

package publisher

import (
	"fmt"
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

// Whatever listens at the forwarder's port may subscribe as fast as it can.
func TestAMillionSubscriptionsCostLittle(t *testing.T) {
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
	before := memory(t, "VmRSS")
	const topics = 1_000_000
	sent := 0
	for ; sent < topics; sent++ {
		topic := fmt.Sprintf("\x01zsum1|level%d|", sent)
		if _, err := conn.Write([]byte("\x00" + string(byte(len(topic))) + topic)); err != nil {
			break
		}
	}
	grown := memory(t, "VmRSS") - before
	// How much that is depends on how busy the machine is; without a bound it is 100 MB.
	t.Logf("%d topics were taken before the connection was closed; %d KiB more than before", sent, grown>>10)
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
