//go:build cgo && linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one that the harness started.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	peak int64 // memory when it was killed or asked to end

	mu  sync.Mutex
	log bytes.Buffer
	err error // set before done is closed
}

// start starts a part, as the program that runs now.
func start(name, role string, config any) (*process, error) {
	args, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	p := &process{name: name, cmd: exec.Command("/proc/self/exe", "-role", role, "-config", string(args)), done: make(chan struct{})}
	p.cmd.Stderr = p
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing stays behind
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Write keeps the end of what the process says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Write(b)
	if over := p.log.Len() - 4096; over > 0 {
		p.log.Next(over)
	}
	return len(b), nil
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.TrimSpace(p.log.String())
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// alive reports whether it has not ended.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends it with SIGKILL, and returns what shows that this is what ended it.
func (p *process) kill() (string, error) {
	p.peak = p.highWater()
	if err := p.signal(syscall.SIGKILL); err != nil {
		return "", fmt.Errorf("killing %s: %w", p.name, err)
	}
	<-p.done
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		return "", fmt.Errorf("killing %s: it ended by itself: %v: %s", p.name, p.cmd.ProcessState, p.said())
	}
	return p.cmd.ProcessState.String(), nil
}

// stand stops it for so long, and returns what shows that.
func (p *process) stand(d time.Duration) (string, error) {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return "", fmt.Errorf("stopping %s: %w", p.name, err)
	}
	state := p.state()
	for begun := time.Now(); state != "T" && time.Since(begun) < 10*time.Second; state = p.state() {
		time.Sleep(time.Millisecond) // every thread of it has to notice
	}
	time.Sleep(d)
	if err := p.signal(syscall.SIGCONT); err != nil {
		return "", fmt.Errorf("continuing %s: %w", p.name, err)
	}
	if state != "T" {
		return "", fmt.Errorf("stopping %s: it was in state %q", p.name, state)
	}
	return fmt.Sprintf("stood still for %v", d.Round(time.Millisecond)), nil
}

// state returns the letter that the kernel has for it.
func (p *process) state() string {
	b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(p.cmd.Process.Pid), "stat"))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	letter, _, _ := strings.Cut(rest, " ")
	return letter
}

// end asks it to end, and returns an error if it does not, or not well.
func (p *process) end(within time.Duration) error {
	p.peak = p.highWater()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(within):
		return fmt.Errorf("%s does not end: %s", p.name, p.said())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w: %s", p.name, p.err, p.said())
	}
	return nil
}

// highWater returns the most memory that it has had since it became this program, in bytes.
func (p *process) highWater() int64 {
	b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(p.cmd.Process.Pid), "status"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	var kib int64
	fmt.Sscan(rest, &kib)
	return kib << 10
}
