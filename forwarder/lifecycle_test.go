//go:build cgo

package forwarder

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	zmq "github.com/pebbe/zmq4"
)

func TestEitherSpellingLetsTheKernelChooseThePort(t *testing.T) {
	for _, addr := range []string{"tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "tcp://localhost:0"} {
		f := start(t, Config{In: addr, Out: addr})
		for _, got := range []string{f.InAddr(), f.OutAddr()} {
			port, ok := strings.CutPrefix(got, "tcp://127.0.0.1:")
			if !ok || port == "0" || port == "*" {
				t.Errorf("%s was bound as %s", addr, got)
			}
		}
		if f.InAddr() == f.OutAddr() {
			t.Errorf("both sides are at %s", f.InAddr())
		}
	}
}

func TestItServesIPC(t *testing.T) {
	dir, err := os.MkdirTemp("", "fwd") // t.TempDir can be longer than a socket's path may be
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	for range 3 { // the paths can be used again when Close returns
		f := start(t, Config{In: "ipc://" + in, Out: "ipc://" + out})
		if f.InAddr() != "ipc://"+in || f.OutAddr() != "ipc://"+out {
			t.Errorf("bound as %s and %s", f.InAddr(), f.OutAddr())
		}
		pub := publisher(t, f)
		sub := subscriber(t, f, "info|")
		hears(t, pub, "\x01info|")
		send(t, pub, "info|x")
		hears(t, sub, "info|x")
		eventually(t, "one of each is counted", func() bool { s := f.Stats(); return s.Publishers == 1 && s.Subscribers == 1 })
		if _, err := Start(Config{In: "tcp://127.0.0.1:0", Out: f.OutAddr()}); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("the path of a living forwarder was taken over: %v", err)
		}
		must(t, f.Close(), pub.Close(), sub.Close())
	}
}

func TestItServesIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	must(t, l.Close())
	f := start(t, Config{In: "tcp://[::1]:0", Out: "tcp://[::1]:0"})
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.InAddr(), "tcp://"))
	must(t, err)
	eventually(t, "the publisher is counted", func() bool { return f.Stats().Publishers == 1 })
	must(t, conn.Close())
	eventually(t, "it has left", func() bool { return f.Stats().Publishers == 0 })
}

func TestStartSaysWhatIsWrongInOneLine(t *testing.T) {
	f := start(t, Config{})
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		cfg  Config
		want []string
		is   error
	}{
		{"taken Out", Config{In: "tcp://127.0.0.1:0", Out: f.OutAddr()}, []string{"Config.Out", f.OutAddr(), "in use", "stop the program"}, zmq.EADDRINUSE},
		{"taken In", Config{In: f.InAddr(), Out: "tcp://127.0.0.1:0"}, []string{"Config.In", f.InAddr(), "in use", "stop the program"}, zmq.EADDRINUSE},
		{"no endpoint", Config{In: "nonsense", Out: "tcp://127.0.0.1:0"}, []string{"Config.In", "nonsense", "want tcp://"}, nil},
		{"no directory", Config{In: "tcp://127.0.0.1:0", Out: "ipc://" + dir + "/no/socket"}, []string{"Config.Out", dir, "make the directory"}, zmq.Errno(syscall.ENOENT)},
		{"long path", Config{In: "ipc://" + dir + strings.Repeat("/x", 60), Out: "tcp://127.0.0.1:0"}, []string{"Config.In", dir, "107 bytes"}, zmq.Errno(syscall.ENAMETOOLONG)},
		{"remote", Config{In: "tcp://127.0.0.1:0", Out: "tcp://*:0"}, []string{"Config.Out", "tcp://*:0", "Config.AllowRemote"}, nil},
		{"elsewhere", Config{In: "tcp://192.0.2.1:5550", Out: "tcp://127.0.0.1:0", AllowRemote: true}, []string{"Config.In", "192.0.2.1", "interface"}, zmq.EADDRNOTAVAIL},
		{"one for both", Config{In: "tcp://127.0.0.1:5550", Out: "tcp://localhost:5550"}, []string{"Config.In", "Config.Out", "127.0.0.1:5550"}, nil},
		{"bad queue", Config{QueueBytes: -1}, []string{"Config.QueueBytes", "-1"}, nil},
	} {
		got, err := Start(c.cfg)
		if err == nil {
			got.Close()
			t.Errorf("%s: started", c.name)
			continue
		}
		for _, w := range append(c.want, "forwarder: ") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error %q does not say %q", c.name, err, w)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error of several lines: %q", c.name, err)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: error %q is not %v", c.name, err, c.is)
		}
	}
}

func TestAFailedStartLeavesNothingBehind(t *testing.T) {
	f := start(t, Config{})
	free := start(t, Config{})
	addr := free.OutAddr()
	must(t, free.Close())
	for range 20 {
		if got, err := Start(Config{In: f.InAddr(), Out: addr}); err == nil {
			got.Close()
			t.Fatal("started on a taken port")
		} else if !strings.Contains(err.Error(), "Config.In") {
			t.Fatalf("Out had not been freed: %v", err)
		}
	}
	must(t, start(t, Config{Out: addr}).Close())
}

func TestPortsAreFreeWhenCloseReturns(t *testing.T) {
	f := start(t, Config{})
	in, out := f.InAddr(), f.OutAddr()
	pub := publisher(t, f)
	sub := subscriber(t, f, "info|")
	for range 20 {
		eventually(t, "both peers come back by themselves", func() bool {
			sub.GetEvents() // a libzmq socket subscribes anew when it is next used
			m, _ := pub.Recv(zmq.DONTWAIT)
			return m == "\x01info|"
		})
		send(t, pub, "info|again")
		hears(t, sub, "info|again")
		must(t, f.Close())
		hears(t, pub, "\x00info|")
		f = start(t, Config{In: in, Out: out})
	}
}

func TestCloseMayBeCalledByManyAndUnderLoad(t *testing.T) {
	f := start(t, Config{})
	flood(t, f, 2, strings.Repeat("x", 1000))
	select {
	case <-f.Done():
		t.Fatal("done before Close")
	default:
	}
	if err := f.Err(); err != nil {
		t.Fatalf("an error before Close: %v", err)
	}
	began := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := f.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > patience/2 { // milliseconds, on a machine that is not busy
		t.Errorf("Close took %v", took)
	}
	select {
	case <-f.Done():
	default:
		t.Error("not done after Close")
	}
	must(t, f.Close(), f.Err())
	if s := f.Stats(); s.Messages == 0 || s.Publishers != 0 || s.Subscribers != 0 || s.Topics != 0 {
		t.Errorf("after Close: %+v", s)
	}
}

func TestWhatWasTakenIsDeliveredAfterClose(t *testing.T) {
	f := start(t, Config{})
	pub := publisher(t, f)
	sub := subscriber(t, f, "m")
	hears(t, pub, "\x01m")
	const n = 500
	for range n {
		send(t, pub, "m")
	}
	eventually(t, "all is taken", func() bool { return f.Stats().Messages == n })
	must(t, f.Close())
	for range n {
		hears(t, sub, "m")
	}
}

// Those who connect and say nothing, or do not answer heartbeats, are cut off after 2 and 3 to 4 seconds.
func TestDeadPeersAreCutOff(t *testing.T) {
	f := start(t, Config{})
	silent, err := net.Dial("tcp", strings.TrimPrefix(f.InAddr(), "tcp://"))
	must(t, err)
	defer silent.Close()
	mute := newStranger(t, f.OutAddr(), "SUB")
	alive := subscriber(t, f, "info|")
	eventually(t, "all are counted", func() bool { s := f.Stats(); return s.Publishers == 1 && s.Subscribers == 2 })
	for _, conn := range []net.Conn{silent, mute} {
		must(t, conn.SetDeadline(time.Now().Add(patience)))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a dead peer was kept")
		}
	}
	eventually(t, "they are not counted any longer", func() bool { s := f.Stats(); return s.Publishers == 0 && s.Subscribers == 1 })
	pub := publisher(t, f)
	hears(t, pub, "\x01info|")
	send(t, pub, "info|x")
	hears(t, alive, "info|x")
}

const terminated = "ZIBRATO_TEST_TERMINATED"

// The context can only be terminated once in a process, so this takes one of its own.
func TestAnUnexpectedEndIsReported(t *testing.T) {
	if os.Getenv(terminated) == "" {
		exe, err := os.Executable()
		must(t, err)
		cmd := exec.Command(exe, "-test.run=^TestAnUnexpectedEndIsReported$")
		cmd.Env = append(os.Environ(), terminated+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	f := start(t, Config{})
	must(t, zmq.Term()) // returns when every socket is closed
	select {
	case <-f.Done():
	case <-time.After(patience):
		t.Fatal("not done")
	}
	if err := f.Err(); !errors.Is(err, zmq.ETERM) || !strings.Contains(err.Error(), "forwarder: ended unexpectedly") {
		t.Errorf("got error %v", err)
	}
	if err := f.Close(); err != f.Err() {
		t.Errorf("Close says %v, Err %v", err, f.Err())
	}
	if _, err := Start(Config{}); err == nil {
		t.Error("started without a context")
	}
}

func TestOldVersionsOfLibzmqAreRefused(t *testing.T) {
	for _, v := range [][3]int{{4, 3, 2}, {4, 2, 9}, {3, 9, 9}} {
		if err := checkVersion(v[0], v[1], v[2]); err == nil || !strings.Contains(err.Error(), "4.3.3") {
			t.Errorf("%v: got %v", v, err)
		}
	}
	for _, v := range [][3]int{{4, 3, 3}, {4, 3, 4}, {4, 4, 0}, {5, 0, 0}} {
		if err := checkVersion(v[0], v[1], v[2]); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// Only this test tells that a new version of zmq4 keeps its handle elsewhere.
func TestTheHandleOfASocketIsFound(t *testing.T) {
	s, err := zmq.NewSocket(zmq.PAIR)
	must(t, err)
	raw, err := rawSocket(s)
	must(t, err)
	if raw == unsafe.Pointer(s) || raw == nil {
		t.Errorf("handle %v", raw)
	}
	must(t, s.Close())
	if _, err := rawSocket(s); err == nil {
		t.Error("a closed socket has a handle")
	}
}
