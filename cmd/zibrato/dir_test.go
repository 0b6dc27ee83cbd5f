//go:build cgo && unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestADirectoryBelongsToOneProgram(t *testing.T) {
	t.Parallel()
	_, _, out := forward(t)
	dir := filepath.Join(t.TempDir(), "made")
	for range 2 { // a kill does not keep others out
		p := start(t, nil, "log", "--from", out, "--dir", dir)
		p.stderr.await(t, "subscribing")
		for _, args := range [][]string{
			{"log", "--from", out, "--dir", dir},
			{"librato", "--from", out, "--dir", dir, "--user", "u", "--token", "secret"},
		} {
			status, _, stderr := result(t, nil, args...)
			if status != 1 || !strings.Contains(stderr, "--dir: ") || !strings.Contains(stderr, "another backend") || !strings.Contains(stderr, dir) {
				t.Errorf("%s: status %d, %q", args[0], status, stderr)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "state")); err != nil {
			t.Error(err)
		}
		p.signal(t, syscall.SIGKILL)
		p.status(t)
	}
}
