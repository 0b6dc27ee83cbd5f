//go:build cgo && linux

package forwarder

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostGrows is by how many bytes a program may grow in which a forwarder is attacked.
const hostGrows = 64 << 20

const hosting = "ZIBRATO_TEST_HOST"

// host is a process that embeds a forwarder, and is asked how it is.
type host struct {
	stdin   io.Writer
	answers *json.Decoder
}

// report is how the host is.
type report struct {
	In, Out    string
	Stats      Stats
	Grown      int64 // bytes of memory, at the most since the forwarder was opened, over what it was then
	Goroutines int   // more than there were with no forwarder
	Files      int   // likewise, open ones
}

// startHost starts a host, which ends with the test, in good order or the test fails.
func startHost(t *testing.T) *host {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, "-test.run=^TestHost$")
	cmd.Env = append(os.Environ(), hosting+"=1")
	cmd.Stderr = os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	must(t, err1, err2, cmd.Start())
	h := &host{stdin: stdin, answers: json.NewDecoder(stdout)}
	t.Cleanup(func() {
		stdin.Close()
		rest, _ := io.ReadAll(io.MultiReader(h.answers.Buffered(), stdout))
		if err := cmd.Wait(); err != nil {
			t.Errorf("the host ended: %v\n%s", err, rest)
		}
	})
	return h
}

// ask tells the host what to do, and returns how it is then.
func (h *host) ask(t *testing.T, what string) (r report) {
	t.Helper()
	_, err := fmt.Fprintln(h.stdin, what)
	must(t, err)
	if err := h.answers.Decode(&r); err != nil {
		t.Fatalf("asked to %s, the host does not answer: %v", what, err)
	}
	return r
}

// TestHost is the host; by itself it tests nothing.
func TestHost(t *testing.T) {
	if os.Getenv(hosting) == "" {
		return
	}
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: hostFiles, Max: hostFiles}))
	cfg := Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0", MaxConnections: hostConnections}
	f, err := Start(cfg) // libzmq makes threads and files that stay
	must(t, err, f.Close())
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	var idle int64
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var r report
		switch in.Text() {
		case "open":
			f, err = Start(cfg)
			must(t, err, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // the peak is what is in use now
			idle = memory(t, "VmRSS")
			r.In, r.Out = f.InAddr(), f.OutAddr()
		case "close":
			must(t, f.Close())
			// Threads of libzmq close connections after the sockets.
			for deadline := time.Now().Add(patience); time.Now().Before(deadline) && (openFiles(t) > files || runtime.NumGoroutine() > goroutines); {
				time.Sleep(time.Millisecond)
			}
			r.Files, r.Goroutines = openFiles(t)-files, runtime.NumGoroutine()-goroutines
			files, goroutines = min(files, files+r.Files), min(goroutines, goroutines+r.Goroutines)
		}
		r.Stats, r.Grown = f.Stats(), memory(t, "VmHWM")-idle
		must(t, out.Encode(r))
	}
	must(t, f.Close())
}

func openFiles(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(fds)
}

// memory returns a line of the process's status, in bytes.
func memory(t *testing.T, line string) (n int64) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	_, rest, _ := strings.Cut(string(status), line+":")
	_, err = fmt.Sscan(rest, &n)
	must(t, err)
	return n << 10
}
