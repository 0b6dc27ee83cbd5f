//go:build cgo && unix

package main

import (
	"encoding/json"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestVersionAsJSON(t *testing.T) {
	t.Parallel()
	status, stdout, _ := result(t, nil, "version", "--json")
	var b built
	if err := json.Unmarshal([]byte(stdout), &b); status != 0 || err != nil {
		t.Fatalf("status %d, %v: %s", status, err, stdout)
	}
	if b.Version == "" || b.Go != runtime.Version() || b.OS != runtime.GOOS || b.Arch != runtime.GOARCH || !strings.HasPrefix(b.Libzmq, "4.") {
		t.Errorf("%+v", b)
	}
}

func TestHealthAsksAnotherCommand(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "log", "--from", deadEndpoint(t), "--admin", "127.0.0.1:0")
	addr := strings.TrimPrefix(adminOf(t, p), "http://")
	for _, test := range []struct {
		env    []string
		args   []string
		status int
		want   string
	}{
		{nil, []string{addr}, 0, "ok\n"},
		{[]string{"ZIBRATO_ADMIN=" + addr}, nil, 0, "ok\n"},
		{[]string{"ZIBRATO_ADMIN=" + strings.Replace(addr, "127.0.0.1", "", 1)}, nil, 0, "ok\n"},
		{nil, []string{"--ready", addr}, 1, "zibrato health: not ready; log: not connected to tcp://"},
		{nil, []string{strings.TrimPrefix(deadEndpoint(t), "tcp://")}, 1, "connection refused"},
		{nil, []string{"nonsense"}, 2, "want host:port"},
	} {
		status, stdout, stderr := result(t, test.env, append([]string{"health"}, test.args...)...)
		if status != test.status || !strings.Contains(stdout+stderr, test.want) {
			t.Errorf("%q %q: status %d, %q, %q; want %d, %q", test.env, test.args, status, stdout, stderr, test.status, test.want)
		}
	}
	p.endsSoon(t, syscall.SIGTERM)
}
