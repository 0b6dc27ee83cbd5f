//go:build cgo && linux

package main

import (
	"net"
	"strings"
	"testing"

	"github.com/zibrato/zibrato/forwarder"
)

// Publishers that come back to a forwarder find those there who listen, if these could come first.
func TestForwarderLetsSubscribersInFirst(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	f, err := forwarder.Start(forwarder.Config{In: "tcp://" + taken.Addr().String(), Out: "tcp://" + other.Addr().String()})
	if err == nil {
		f.Close()
		t.Fatal("it listens where others do")
	}
	if !strings.Contains(err.Error(), "Config.Out") {
		t.Errorf("with both endpoints taken it is %v that fails first, want Config.Out", err)
	}
}
