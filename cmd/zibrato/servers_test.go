//go:build cgo && unix

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// A whole way: a program publishes, a forwarder passes on, and the command takes it to a server.
func TestMeasurementsReachAStatsDServer(t *testing.T) {
	t.Parallel()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	_, in, out := forward(t)
	p := start(t, nil, "statsd", "--from", out, "--addr", server.LocalAddr().String(), "--tags", "dogstatsd", "--flush", "200ms", "--prefix", "prod.", "--only", "jobs.*")
	p.stderr.await(t, "subscribing")
	if status, _, stderr := result(t, nil, "send", "counter", "jobs.done", "5", "--to", in, "--wait", "20s"); status != 0 {
		t.Fatalf("send: status %d, %q", status, stderr)
	}
	server.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 1500)
	n, _, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "prod.jobs.done:5|c|#source:zibrato,level:info" {
		t.Errorf("%q, %v", b[:n], err)
	}
	p.endsSoon(t, os.Interrupt)
}

func TestMeasurementsReachGraphite(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			text, _ := io.ReadAll(c)
			c.Close()
			got <- string(text)
		}
	}()
	t.Cleanup(func() { server.Close(); <-done })
	_, in, out := forward(t)
	p := start(t, nil, "graphite", "--from", out, "--addr", server.Addr().String(), "--flush", "200ms", "--stats", "count", "--template", "all.{name}.{source}")
	p.stderr.await(t, "subscribing")
	if status, _, stderr := result(t, nil, "send", "counter", "jobs.done", "5", "--to", in, "--wait", "20s"); status != 0 {
		t.Fatalf("send: status %d, %q", status, stderr)
	}
	for deadline := time.After(patience); ; {
		select {
		case text := <-got:
			var at int64
			i := strings.Index(text, "all.jobs.done.zibrato.count 5 ")
			if i < 0 {
				continue
			}
			if _, err := fmt.Sscanf(text[i:], "all.jobs.done.zibrato.count 5 %d\n", &at); err != nil || time.Since(time.Unix(at, 0)) > time.Hour {
				t.Errorf("%q: %v", text, err)
			}
			p.endsSoon(t, os.Interrupt)
			return
		case <-deadline:
			t.Fatal("nothing arrived")
		}
	}
}
