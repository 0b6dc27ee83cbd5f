//go:build cgo

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/forwarder"
	"github.com/zibrato/zibrato/forwarder/internal/attack"
	"github.com/zibrato/zibrato/publisher"
)

// roles are what this program can be besides itself, by its first argument. Each ends with its standard input.
var roles = map[string]func(args []string) error{"forwarder": beForwarder, "app": beApp, "attacker": beAttacker}

func beForwarder(args []string) error {
	if files, _ := strconv.ParseUint(args[0], 10, 64); files > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files, Max: files}); err != nil {
			return err
		}
	}
	// Beyond this memory libzmq ends the process, before the machine suffers.
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 4 << 30, Max: 4 << 30}); err != nil {
		return err
	}
	f, err := forwarder.Start(forwarder.Config{In: "tcp://127.0.0.1:0", Out: "tcp://127.0.0.1:0"})
	if err != nil {
		return err
	}
	fmt.Println(f.InAddr(), f.OutAddr())
	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	select {
	case <-ended:
	case <-f.Done():
	}
	if err := json.NewEncoder(os.Stdout).Encode(f.Stats().Refused); err != nil {
		return err
	}
	return f.Close()
}

func beApp(args []string) error {
	p, err := publisher.Start(publisher.Config{Endpoint: args[0]})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	c := zibrato.NewCounter("hostile.jobs")
	go func() {
		for {
			c.Inc()
			syscall.Nanosleep(&syscall.Timespec{Nsec: 10e6}, nil)
		}
	}()
	io.Copy(io.Discard, os.Stdin)
	return p.Close()
}

func beAttacker(args []string) error {
	i := slices.IndexFunc(attacks, func(s scenario) bool { return s.name == args[0] })
	if !attacks[i].near {
		attack.From = net.IPv4(127, 0, 0, 2)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fmt.Println("ready")
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	attacks[i].do(ctx, attack.Target{In: args[1], Out: args[2]})
	return nil
}

// child is a process of one of the roles.
type child struct {
	*exec.Cmd
	stdin io.Closer
	said  []string // the words of its first line
	last  []byte   // what it said after that, once ended is closed
	ended chan struct{}
}

func spawn(args ...string) (*child, error) {
	c := &child{Cmd: exec.Command("/proc/self/exe", args...), ended: make(chan struct{})}
	c.Stderr = os.Stderr
	var err error
	if c.stdin, err = c.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	go func() {
		c.last, _ = io.ReadAll(lines)
		c.Wait()
		close(c.ended)
	}()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	c.said = strings.Fields(line)
	return c, nil
}

func (c *child) alive() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// close ends the process, by force if it does not end by itself.
func (c *child) close() {
	c.stdin.Close()
	select {
	case <-c.ended:
	case <-time.After(never):
		c.Process.Kill()
		<-c.ended
	}
}
