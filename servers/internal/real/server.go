package real

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long a test waits for what has to happen. Nothing waits that long unless the test fails.
const Patience = 60 * time.Second

// program says how a server is run.
type program struct {
	path  string
	args  []string
	env   []string                    // beside the test's own
	ready func(context.Context) error // nil when it answers
}

// Server is a program that runs. Its methods are for the goroutine of the test.
type Server struct {
	Name string
	Dir  string // scratch; what it stores is there

	program program
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process has
	said    tail
}

// launch starts a server and waits until it is ready. prepare makes its files in dir and chooses its ports; it is called again when the
// program ended because a port was taken.
func launch(t testing.TB, name string, prepare func(dir string) program) *Server {
	t.Helper()
	s := &Server{Name: name}
	scratch := t.TempDir() // before the cleanup, since it is removed when it was made: after the server has ended
	t.Cleanup(func() {
		s.end()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, s.Output())
		}
	})
	for attempt := 1; ; attempt++ {
		s.Dir = filepath.Join(scratch, strconv.Itoa(attempt))
		if err := os.Mkdir(s.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		s.program = prepare(s.Dir)
		err := s.begin()
		if err == nil {
			return s
		}
		s.end()
		if attempt == 3 || !strings.Contains(strings.ToLower(s.Output()), "in use") {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// Start starts the server again after Stop, with the same directory and ports, and returns when it is ready.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.begin(); err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
}

// Stop asks the server to end, and returns when it has.
func (s *Server) Stop() { s.end() }

// Output returns the end of what the server has said.
func (s *Server) Output() string { return s.said.String() }

// begin starts the process and waits until it is ready.
func (s *Server) begin() error {
	s.cmd = exec.Command(s.program.path, s.program.args...)
	s.cmd.Dir = s.Dir
	s.cmd.Env = append(os.Environ(), s.program.env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.cmd.WaitDelay = time.Second
	dieWithUs(s.cmd)
	ended, started := make(chan struct{}), make(chan error)
	s.ended = ended
	go func() {
		runtime.LockOSThread() // the kernel ends the process with the thread that started it, so that one stays
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.cmd.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		err := s.program.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("ended instead of getting ready: %v", s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %w", Patience, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// end ends the process, if it runs: kindly, then not.
func (s *Server) end() {
	if s.ended == nil || s.cmd.Process == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.cmd.Process.Kill()
		<-s.ended
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(b)
	if over := t.buf.Len() - 64<<10; over > 0 {
		t.buf.Next(over)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
