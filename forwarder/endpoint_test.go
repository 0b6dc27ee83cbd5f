package forwarder

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEndpointsOfThisMachineAreResolved(t *testing.T) {
	for uri, want := range map[string]endpoint{
		"tcp://127.0.0.1:5550":       {uri: "tcp://127.0.0.1:5550"},
		"tcp://127.0.0.1:0":          {uri: "tcp://127.0.0.1:*"},
		"tcp://127.0.0.1:*":          {uri: "tcp://127.0.0.1:*"},
		"tcp://127.1.2.3:1":          {uri: "tcp://127.1.2.3:1"},
		"tcp://localhost:5550":       {uri: "tcp://127.0.0.1:5550"},
		"tcp://[::1]:5550":           {uri: "tcp://[::1]:5550", ipv6: true},
		"tcp://[::ffff:127.0.0.1]:7": {uri: "tcp://127.0.0.1:7"},
		"ipc://*":                    {uri: "ipc://*"},
		"ipc:///tmp/no-such-socket":  {uri: "ipc:///tmp/no-such-socket"},
	} {
		if got, err := resolve(uri, false); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", uri, got, err, want)
		}
	}
}

func TestAddressesThatOthersReachNeedAllowRemote(t *testing.T) {
	for uri, want := range map[string]endpoint{
		"tcp://*:5550":             {uri: "tcp://*:5550"},
		"tcp://0.0.0.0:5550":       {uri: "tcp://0.0.0.0:5550"},
		"tcp://[::]:5550":          {uri: "tcp://[::]:5550", ipv6: true},
		"tcp://192.0.2.1:*":        {uri: "tcp://192.0.2.1:*"},
		"tcp://[::ffff:8.8.8.8]:7": {uri: "tcp://8.8.8.8:7"},
	} {
		if _, err := resolve(uri, false); err == nil || !strings.Contains(err.Error(), "Config.AllowRemote") {
			t.Errorf("%s: got error %v, want one that names Config.AllowRemote", uri, err)
		}
		if got, err := resolve(uri, true); err != nil || got != want {
			t.Errorf("%s with AllowRemote: got %v, %v, want %v", uri, got, err, want)
		}
	}
}

func TestOtherEndpointsAreRefusedInOneLine(t *testing.T) {
	for _, uri := range []string{
		"", "x", "127.0.0.1:5550", "udp://127.0.0.1:1", "inproc://x", "TCP://127.0.0.1:1", "tcp://", "tcp://127.0.0.1", "tcp://:5550",
		"tcp://127.0.0.1:", "tcp://127.0.0.1:70000", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:http", "tcp://::1:5550",
		"tcp://no-such-host.invalid:1", "tcp://127.0.0.1:1\n", "ipc://", "tcp://eth0;127.0.0.1:1",
	} {
		got, err := resolve(uri, true)
		if err == nil {
			t.Errorf("%q became %v", uri, got)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error of several lines: %v", uri, err)
		}
	}
}

func TestASocketFileInUseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := resolve("ipc://"+file, false); err == nil {
		t.Error("a file was taken for a socket")
	}
	living := filepath.Join(dir, "living")
	l, err := net.Listen("unix", living)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resolve("ipc://"+living, false); err == nil {
		t.Error("a living socket was taken for free")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if _, err := resolve("ipc://"+living, false); err != nil {
		t.Errorf("the socket of a program that is gone: %v", err)
	}
	if _, err := resolve("ipc://"+filepath.Join(file, "x"), false); err == nil {
		t.Error("a path below a file was accepted")
	}
}
