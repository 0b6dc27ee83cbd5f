//go:build cgo && unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTimeHasTheStatusOfItsCommand(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("exit 0"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := deadEndpoint(t)
	for _, test := range []struct {
		want    int
		command []string
	}{
		{0, []string{"true"}},
		{1, []string{"false"}},
		{7, []string{"sh", "-c", "exit 7"}},
		{255, []string{"sh", "-c", "exit 255"}},
		{128 + 15, []string{"sh", "-c", "kill -TERM $$"}},
		{128 + 9, []string{"sh", "-c", "kill -KILL $$"}},
		{127, []string{"no-such-command-of-ours"}},
		{127, []string{"/no/such/file"}},
		{126, []string{script}},
	} {
		args := append([]string{"time", "x", "--to", to, "--wait", "10ms", "--"}, test.command...)
		status, stdout, stderr := result(t, nil, args...)
		if status != test.want || stdout != "" {
			t.Errorf("%q: status %d, want %d; %q", test.command, status, test.want, stdout)
		}
		oneLine(t, stderr, "time")
	}
}

func TestTimePassesInputAndOutputThrough(t *testing.T) {
	t.Parallel()
	p := &process{cmd: command(nil, "time", "x", "--to", deadEndpoint(t), "--wait", "0s", "--", "sh", "-c", "cat; echo to stderr >&2", "-v", "--help"), stdout: newOutput(), stderr: newOutput()}
	p.cmd.Stdin = strings.NewReader("through")
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	p.begin(t)
	if status := p.status(t); status != 0 || p.stdout.String() != "through" || !strings.HasPrefix(p.stderr.String(), "to stderr\nzibrato time: not published: ") {
		t.Errorf("status %d, %q, %q", status, p.stdout, p.stderr)
	}
}

func TestTimePassesSignalsOn(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1} {
		p := start(t, nil, "time", "x", "--to", deadEndpoint(t), "--wait", "0s", "--", "sh", "-c", "trap 'exit 42' TERM HUP USR1; echo ready; while :; do sleep 0.01; done")
		p.stdout.await(t, "ready")
		p.signal(t, s)
		if got := p.status(t); got != 42 {
			t.Errorf("%v: status %d, want the command's own 42", s, got)
		}
	}
}

func TestTimePublishesHowLongItTook(t *testing.T) {
	t.Parallel()
	_, in, out := forward(t)
	tail := start(t, nil, "tail", "--from", out, "--json")
	if status, _, stderr := result(t, nil, "time", "nap", "--to", in, "--wait", "20s", "--", "sh", "-c", "sleep 0.05; exit 3"); status != 3 || stderr != "" {
		t.Fatalf("status %d, %q", status, stderr)
	}
	var got struct {
		Kind, Level, Source string
		Value               float64
	}
	if err := json.Unmarshal([]byte(tail.stdout.await(t, `.*"nap".*\n`)[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Kind != "timer" || got.Level != "info" || got.Source != "sh" || got.Value < 0.05 || got.Value > patience.Seconds() {
		t.Errorf("got %+v", got)
	}
}
