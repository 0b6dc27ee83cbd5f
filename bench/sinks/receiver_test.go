package sinks

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/atomic"
)

// receiver reads and forgets. It counts what it reads.
type receiver struct {
	addr  string
	bytes atomic.Int64
}

// stream is a receiver for connections, each of which it closes after its end, as carbon does.
func stream(tb testing.TB) *receiver {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	r := &receiver{addr: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n, _ := io.Copy(io.Discard, c)
			r.bytes.Add(n)
			c.Close()
		}
	}()
	return r
}

// datagrams is a receiver over UDP or of a Unix socket, with the buffer that the kernel gives everybody.
func datagrams(tb testing.TB, network, addr string) *receiver {
	c, err := net.ListenPacket(network, addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	r := &receiver{addr: c.LocalAddr().String()}
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			r.bytes.Add(int64(n))
		}
	}()
	return r
}

// web is a receiver for requests, each of which it answers with this status and nothing else.
func web(tb testing.TB, status int) *receiver {
	r := &receiver{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n, _ := io.Copy(io.Discard, req.Body)
		r.bytes.Add(n)
		w.WriteHeader(status)
	}))
	tb.Cleanup(server.Close)
	r.addr = server.URL
	return r
}

// file is a file to be written to.
type file struct{ path string }

func newFile(tb testing.TB) file { return file{filepath.Join(tb.TempDir(), "windows.jsonl")} }

func (f file) size() int64 {
	info, err := os.Stat(f.path)
	if err != nil {
		return 0
	}
	return info.Size()
}
