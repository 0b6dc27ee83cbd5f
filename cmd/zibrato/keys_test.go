//go:build cgo && unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keygen makes a key and returns the name of its files without their endings.
func keygen(t *testing.T, name string) string {
	t.Helper()
	status, stdout, stderr := result(t, nil, "keygen", name)
	if status != 0 || stderr != "" || !strings.Contains(stdout, name+".key") || !strings.Contains(stdout, name+".pub") {
		t.Fatalf("keygen: status %d, %q, %q", status, stdout, stderr)
	}
	return name
}

// secretOf is what must be shown nowhere.
func secretOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name + ".key")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2 || len(fields[1]) != 40 {
		t.Fatalf("%s.key has %d words", name, len(fields))
	}
	return fields[1]
}

// publish copies a public key into a list.
func publish(t *testing.T, name, dir string) {
	t.Helper()
	text, err := os.ReadFile(name + ".pub")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(name)+".pub"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeygenWritesTwoFilesAndReplacesNone(t *testing.T) {
	t.Parallel()
	name := keygen(t, filepath.Join(t.TempDir(), "web1"))
	for file, mode := range map[string]fs.FileMode{".key": 0o600, ".pub": 0o644} {
		if info, err := os.Stat(name + file); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	secret := secretOf(t, name)
	status, stdout, stderr := result(t, nil, "keygen", name)
	if status != 1 || stdout != "" || !strings.Contains(stderr, "--force") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	oneLine(t, stderr, "keygen")
	if secretOf(t, name) != secret {
		t.Error("the key was replaced")
	}
	if status, stdout, stderr := result(t, nil, "keygen", name+".key", "--force"); status != 0 || strings.Contains(stdout+stderr, secretOf(t, name)) {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
	if secretOf(t, name) == secret {
		t.Error("the key was not replaced")
	}
	if status, _, stderr := result(t, nil, "keygen", filepath.Join(filepath.Dir(name), "none", "x")); status != 1 {
		t.Errorf("status %d, %q", status, stderr)
	}
}

func TestAMeasurementTravelsEncrypted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	peers := filepath.Join(dir, "peers")
	if err := os.Mkdir(peers, 0o755); err != nil {
		t.Fatal(err)
	}
	fwdKey, web1 := keygen(t, filepath.Join(dir, "forwarder")), keygen(t, filepath.Join(dir, "web1"))
	backend, stranger := keygen(t, filepath.Join(dir, "backend")), keygen(t, filepath.Join(dir, "stranger"))
	publish(t, web1, peers)
	fwd := start(t, []string{"ZIBRATO_KEY_FILE=" + fwdKey + ".key", "ZIBRATO_ALLOW=" + peers}, "forward", "--in", "tcp://*:0", "--out", "tcp://127.0.0.1:0")
	m := fwd.stderr.await(t, `listening.* in=tcp://0\.0\.0\.0(:\d+) out=(\S+)\n`)
	in, out := "tcp://127.0.0.1"+m[1], m[2]

	log := start(t, []string{"ZIBRATO_SERVER_KEY=" + fwdKey + ".pub", "ZIBRATO_KEY_FILE=" + backend + ".key"}, "log", "--from", out, "--flush", "200ms")
	log.stderr.await(t, `does not serve this key`)
	publish(t, backend, peers) // while both run
	log.stderr.await(t, `connected`)
	line, err := os.ReadFile(fwdKey + ".pub") // the line itself instead of its file
	if err != nil {
		t.Fatal(err)
	}
	status, _, stderr := result(t, nil, "send", "counter", "jobs.done", "5", "--to", in, "--wait", "10s", "--key-file", web1+".key", "--server-key", strings.TrimSpace(string(line)))
	if status != 0 {
		t.Fatalf("send: status %d, %q", status, stderr)
	}
	log.stdout.await(t, `"jobs\.done"`)

	for _, test := range []struct {
		want string
		args []string
	}{
		{"does not serve this key", []string{"--key-file", stranger + ".key", "--server-key", fwdKey + ".pub"}},
		{"another key than the one", []string{"--key-file", web1 + ".key", "--server-key", stranger + ".pub"}},
		{"keys, which this side has not", nil},
	} {
		status, _, stderr := result(t, nil, append([]string{"send", "counter", "forged", "1", "--to", in, "--wait", "300ms"}, test.args...)...)
		if status != 3 || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: status %d, %q", test.args, status, stderr)
		}
	}
	fwd.stderr.await(t, `refused a key that is not on the list`)
	for _, p := range []*process{log, fwd} {
		p.endsSoon(t, os.Interrupt)
		all := p.stdout.String() + p.stderr.String()
		for _, name := range []string{fwdKey, web1, backend, stranger} {
			if strings.Contains(all, secretOf(t, name)) {
				t.Errorf("%q shows the secret of %s", p.cmd.Args[1:], name)
			}
		}
		if strings.Contains(all, "forged") {
			t.Errorf("a stranger was served: %s", all)
		}
	}
	fwd.stderr.await(t, `refused.key=[1-9]`)
}

func TestWrongUsageOfKeysIsStatusTwoAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, open := keygen(t, filepath.Join(dir, "a")), keygen(t, filepath.Join(dir, "open"))
	if err := os.Chmod(open+".key", 0o644); err != nil {
		t.Fatal(err)
	}
	nobody := []string{"--in", "tcp://127.0.0.1:0", "--out", "tcp://127.0.0.1:0"}
	for _, test := range []struct {
		want string
		args []string
	}{
		{"--allow: missing", append(nobody, "--key-file", a+".key")},
		{"--key-file: missing", append(nobody, "--allow", dir)},
		{"chmod 600 " + open + ".key", append(nobody, "--key-file", open+".key", "--allow", dir)},
		{"--key-file: " + a + ".pub: this is a public key", append(nobody, "--key-file", a+".pub", "--allow", dir)},
		{"--key-file: stat", append(nobody, "--key-file", a, "--allow", dir)},
		{"give --key-file and --allow", []string{"--in", "tcp://*:0"}},
	} {
		checkKeyUsage(t, append([]string{"forward"}, test.args...), test.want, a, open)
	}
	for _, command := range [][]string{
		{"log"}, {"tail"}, {"librato", "--user", "u", "--token", "x"}, {"send", "counter", "x", "1"}, {"time", "x", "/bin/echo", "ran"},
	} {
		for _, test := range []struct {
			want string
			args []string
		}{
			{"--server-key: missing", []string{"--key-file", a + ".key"}},
			{"--key-file: missing", []string{"--server-key", a + ".pub"}},
			{"chmod 600", []string{"--key-file", open + ".key", "--server-key", a + ".pub"}},
			{"--server-key: " + a + ".key: this is a secret key", []string{"--key-file", a + ".key", "--server-key", a + ".key"}},
			{"--next-server-key: no public key", []string{"--key-file", a + ".key", "--server-key", a + ".pub", "--next-server-key", "zibrato-public-key x"}},
			{"--key-file: missing", []string{"--next-server-key", a + ".pub"}},
			{"--server-key: no public key", []string{"--key-file", a + ".key", "--server-key", "zibrato-public-key x"}},
		} {
			// The flags go before the command that time runs.
			checkKeyUsage(t, append(append([]string{command[0]}, test.args...), command[1:]...), test.want, a, open)
		}
	}
}

func checkKeyUsage(t *testing.T, args []string, want string, names ...string) {
	t.Helper()
	status, stdout, stderr := result(t, nil, args...)
	if status != 2 || stdout != "" || !strings.Contains(stderr, want) {
		t.Errorf("%q: status %d, %q, %q; want %q", args, status, stdout, stderr, want)
	}
	oneLine(t, stderr, args[0])
	for _, name := range names {
		if strings.Contains(stderr, secretOf(t, name)) {
			t.Errorf("%q shows a secret: %q", args, stderr)
		}
	}
}
