//go:build unix

package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/zibrato/zibrato/backend"
)

// The process is told that the reader of its standard output, or error, is gone, and does not die of it.
func TestAReaderThatIsGoneIsAnError(t *testing.T) {
	const inChild = "LOGFILE_READER_GONE"
	if stream := os.Getenv(inChild); stream != "" {
		cfg := Config{}
		report := os.Stderr
		if stream == "stderr" {
			cfg.Writer = os.Stderr
			report = os.Stdout
		}
		s := reopen(t, cfg)
		err := s.Write(t.Context(), window(1, 1))
		_, retry := backend.RetryAfter(err)
		fmt.Fprintf(report, "broken pipe %v, retry %v: %v\n", errors.Is(err, syscall.EPIPE), retry, err)
		if err := s.Close(t.Context()); err != nil {
			fmt.Fprintln(report, err)
		}
		os.Exit(0) // before package testing writes its verdict to the pipe
	}
	for _, stream := range []string{"stdout", "stderr"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		var report strings.Builder
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), inChild+"="+stream)
		child.Stdout, child.Stderr = w, &report
		if stream == "stderr" {
			child.Stdout, child.Stderr = &report, w
		}
		err = child.Run()
		w.Close()
		want := "broken pipe true, retry true: logfile: the reader is gone: write /dev/" + stream + ": broken pipe\n"
		if err != nil || report.String() != want {
			t.Errorf("%s: %v, said %q instead of %q", stream, err, report.String(), want)
		}
	}
}

// A pipe's own mode is not touched: its owner may have set deadlines.
func TestAPipeOfTheCallersStaysAsItIs(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := reopen(t, Config{Writer: w})
	write(t, s, window(1, 1))
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("still open"); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if s, err := New(Config{Writer: w}); err == nil || !strings.Contains(err.Error(), "is not open") {
		t.Errorf("a closed file: %v, %v", s, err)
	}
}

func TestANamedPipeIsNoPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Path: path})
	if err == nil {
		closing(t, s)
		t.Fatal("no error")
	}
	if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, "Config.Writer") {
		t.Errorf("error %v", err)
	}
}

// Root may write everywhere, so what the system says is made up here.
func TestMissingPermissionIsExplained(t *testing.T) {
	dir := t.TempDir()
	f := newFile(Config{Path: filepath.Join(dir, "metrics.log")})
	err := f.explain(&fs.PathError{Op: "open", Path: f.path, Err: syscall.EACCES})
	if text := err.Error(); !errors.Is(err, fs.ErrPermission) || !strings.Contains(text, f.path) || !strings.Contains(text, "let this user write "+dir) {
		t.Errorf("error %v", err)
	}
	if os.Getuid() == 0 {
		return
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if s, err := New(Config{Path: f.path}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, %v", s, err)
	}
}
