//go:build cgo && unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// actAsProgram makes the test's own binary the program, built with whatever the tests are built with.
const actAsProgram = "ACT_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(actAsProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// patience is how long something may take that takes milliseconds as a rule.
const patience = 30 * time.Second

// An output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // gets a value after a write
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the pattern has been written, and returns what matches it and its groups.
func (o *output) await(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m
		}
		select {
		case <-o.more:
		case <-timeout:
			t.Fatalf("no %s in %q", pattern, o)
		}
	}
}

// A process is a run of the program.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *output
	ended          chan error
}

// command prepares a run of the program in an environment of the given variables alone, besides what any program has.
func command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ZIBRATO_") && !strings.HasPrefix(v, "LIBRATO_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	// The race detector would hold up the end of every process by a second.
	cmd.Env = append(append(cmd.Env, actAsProgram+"=1", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE")), env...)
	return cmd
}

func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: command(env, args...), stdout: newOutput(), stderr: newOutput()}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	p.begin(t)
	return p
}

// begin starts the process, which ends with the test at the latest.
func (p *process) begin(t *testing.T) {
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.ended = make(chan error, 1)
	reaped := make(chan struct{})
	go func() {
		defer close(reaped)
		p.ended <- p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-reaped
		if t.Failed() {
			t.Logf("%q wrote %s%s", p.cmd.Args[1:], p.stdout, p.stderr)
		}
	})
}

// status waits for the process to end and returns its exit status, -1 if a signal ended it.
func (p *process) status(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%q does not end", p.cmd.Args[1:])
		return 0
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// endsSoon asks the process to end and checks that it does, with status 0 and within two seconds.
func (p *process) endsSoon(t *testing.T, s os.Signal) {
	t.Helper()
	p.endsSoonWith(t, s, 0)
}

// endsSoonWith is the same with one of other statuses, which it returns.
func (p *process) endsSoonWith(t *testing.T, s os.Signal, want ...int) int {
	t.Helper()
	begin := time.Now()
	p.signal(t, s)
	got := p.status(t)
	if !slices.Contains(want, got) {
		t.Errorf("%q: status %d after %v, want one of %d", p.cmd.Args[1:], got, s, want)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("%q: took %v to end after %v", p.cmd.Args[1:], took, s)
	}
	return got
}

// result runs the program to its end.
func result(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := start(t, env, args...)
	status = p.status(t)
	return status, p.stdout.String(), p.stderr.String()
}

// forward starts a forwarder and returns its endpoints.
func forward(t *testing.T) (p *process, in, out string) {
	t.Helper()
	p = start(t, nil, "forward", "--in", "tcp://127.0.0.1:0", "--out", "tcp://127.0.0.1:0")
	m := p.stderr.await(t, `listening.* in=(\S+) out=(\S+)\n`)
	return p, m[1], m[2]
}

// deadEndpoint is one where nobody listens: its port is bound and not listened to, so that nobody else gets it.
func deadEndpoint(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	addr, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("tcp://127.0.0.1:%d", addr.(*syscall.SockaddrInet4).Port)
}

// oneLine checks that an error is a single line that begins with the command's name.
func oneLine(t *testing.T, stderr, command string) {
	t.Helper()
	if !strings.HasPrefix(stderr, "zibrato "+command+": ") || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
		t.Errorf("want one line that begins with zibrato %s, got %q", command, stderr)
	}
}

// pipe returns a pipe whose ends are closed with the test at the latest.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// keepSending sends a counter again and again until ctx ends.
func keepSending(ctx context.Context, t *testing.T, to string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			cmd := command(nil, "send", "counter", "ticks", "1", "--to", to)
			cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
			_ = cmd.Run() // also when nobody subscribes any more
		}
	}()
	t.Cleanup(func() { <-done })
}
