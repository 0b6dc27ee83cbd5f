//go:build cgo && unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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

// asZibrato makes the program reachable as zibrato in a directory, which it returns.
func asZibrato(t *testing.T) string {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := "#!/bin/sh\n" + actAsProgram + "=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "zibrato"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	bin := asZibrato(t)
	_, script, _ := result(t, nil, "completions", "bash")
	file := filepath.Join(bin, "completion.bash")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		words []string // as bash breaks the line up
		want  string   // some of what is offered
		not   string
	}{
		{[]string{"lib"}, "librato", "log"},
		{[]string{""}, "forward", "bench-child"},
		{[]string{"log", "--flu"}, "--flush", "--file"},
		{[]string{"log", "--log-format", ""}, "json", "--flush"},
		{[]string{"log", "--log-format", "=", "j"}, "json", "text"},
		{[]string{"log", "--log-format", "="}, "json", "--flush"},
		{[]string{"log", "--flush", "1s", "--sam"}, "--samples", "--flush"},
		{[]string{"send", "g"}, "gauge", "counter"},
		{[]string{"help", "ta"}, "tail", "send"},
		{[]string{"completions", ""}, "fish", "--help"},
		{[]string{"log", "--levels", "inf"}, "info+", "debug"},
	} {
		quoted := "zibrato"
		for _, w := range test.words {
			quoted += " '" + w + "'"
		}
		cmd := exec.Command(bash, "--norc", "-c", `source "$0"; complete -p zibrato >/dev/null || exit 9
			COMP_WORDS=(`+quoted+`); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _zibrato; printf '%s\n' "${COMPREPLY[@]}"`, file)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		offered := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || !slices.Contains(offered, test.want) || slices.Contains(offered, test.not) {
			t.Errorf("%q: %v, %q; want %s, not %s", test.words, err, offered, test.want, test.not)
		}
	}
}

func TestFishCompletes(t *testing.T) {
	t.Parallel()
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("there is no fish here")
	}
	bin := asZibrato(t)
	for line, want := range map[string]string{"zibrato lib": "librato\t", "zibrato log --flu": "--flush\t", "zibrato log --log-format=j": "--log-format=json", "zibrato send g": "gauge"} {
		cmd := exec.Command(fish, "--no-config", "-c", "zibrato completions fish | source; complete -C '"+line+"'")
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+bin)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%q: %v, %q; want %q", line, err, out, want)
		}
	}
}
