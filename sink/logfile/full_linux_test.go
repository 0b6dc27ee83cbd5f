package logfile

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/zibrato/zibrato/backend"
)

// refused writes a window that does not fit. Nothing of it may stay, and it must be asked for again.
func refused(t *testing.T, s *Sink, path string, n, series int, reason error) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), window(n, series))
	if _, retry := backend.RetryAfter(err); !retry || !errors.Is(err, reason) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%d bytes in the file instead of %d (%v)", len(after), len(before), err)
	}
}

// A limit on the size of files makes the kernel take a part of a write and then refuse the rest, as a full disk does.
func TestAPartialWriteToAFileLeavesNothing(t *testing.T) {
	s, dir := open(t, Config{})
	path := filepath.Join(dir, "metrics.log")
	write(t, s, window(1, 2))

	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	var unlimited syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
		t.Fatal(err)
	}
	lift := func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unlimited); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(lift)
	for extra := range uint64(3) { // a part of the first line, of the second, of the third
		limit := unlimited
		limit.Cur = uint64(size(window(1, 2))) + extra*uint64(size(window(2, 1))) + 20
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		refused(t, s, path, 2, 3, syscall.EFBIG)
	}
	lift()
	write(t, s, window(2, 3))
	expect(t, dir, map[string]string{"metrics.log": "c.1.0 c.1.1 c.2.0 c.2.1 c.2.2"})
}

func TestAFullDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path, filler := filepath.Join(dir, "metrics.log"), filepath.Join(dir, "filler")
	s := reopen(t, Config{Path: path})
	write(t, s, window(1, 2))
	if err := os.WriteFile(filler, make([]byte, 40<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, s, path, 2, 200, syscall.ENOSPC)
	refused(t, s, path, 2, 200, syscall.ENOSPC)
	write(t, s, window(3, 1)) // the backend gave the large one up; a small one fits
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	write(t, s, window(2, 200))
	if got := names(t, path); len(got) != 203 || got[1] != "c.1.1" || got[2] != "c.3.0" || got[3] != "c.2.0" || got[202] != "c.2.199" {
		t.Errorf("%d lines: %v", len(got), got)
	}
}

func TestADeviceThatIsFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	s := reopen(t, Config{Writer: full})
	if err := s.Write(t.Context(), window(1, 1)); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") {
		t.Errorf("error %v", err)
	}
}
