//go:build cgo

package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/zibrato/zibrato"
)

type timeCmd struct {
	sending
	Source string `placeholder:"NAME" help:"Where the measurement comes from. By default the command's name."`

	Name    string   `arg:"" help:"The timer's name."`
	Command []string `arg:"" help:"The command and its arguments, after --."`
}

func (timeCmd) Help() string {
	return `Runs the command with the standard input and output that it has itself, passes signals on to it, and publishes how long
it took, also when it fails. Trouble with publishing is a warning on standard error, and delays the end by no more than
--wait.

Example:

    zibrato time backup.nightly -- tar -czf /var/backups/home.tar.gz /home

Exit status: the command's own; 128 and its number for a signal that ended it, 126 for a command that cannot be run, 127 for
one that is not there; 2 wrong usage, without the command having been run.`
}

// What a shell says of commands that it could not run.
const (
	statusCannotRun = 126
	statusNotFound  = 127
	statusSignal    = 128 // plus the signal
)

func (c *timeCmd) Run(*slog.Logger) error {
	if err := c.validate(); err != nil {
		return usageError{err}
	}
	if c.Name == "" {
		return usageError{errors.New("NAME is empty")}
	}
	source := c.Source
	if source == "" {
		source = filepath.Base(c.Command[0])
	}
	legal("time", c.Name)
	m, unpublished := newMessenger(c.sending, source) // connects while the command runs
	if errors.As(unpublished, new(usageError)) {
		return unpublished
	}

	took, err := runCommand(c.Command)
	if unpublished == nil && !notRun(err) {
		unpublished = c.publish(m, took)
	}
	if unpublished != nil {
		complain("time", "not published: %v", unpublished)
	}
	return err
}

// publish delivers the measurement, or gives up when --wait is over. The process ends next: what still closes then may.
func (c *timeCmd) publish(m *messenger, took time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.Wait)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- m.deliver(ctx, func(z *zibrato.Scope) { z.Observe(c.Name, took) })
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(c.Wait + 50*time.Millisecond):
		return errors.New("the forwarder took too long")
	}
}

// runCommand runs a command in the place of this process and returns how long it took and, as an error, its status.
func runCommand(argv []string) (time.Duration, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)

	begin := time.Now()
	if err := cmd.Start(); err != nil {
		status := statusCannotRun
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			status = statusNotFound
		}
		return 0, statusError{status, err}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if !typed(s) {
				_ = cmd.Process.Signal(s) // unless it has ended just now
			}
		case err := <-ended:
			return time.Since(begin), commandStatus(err)
		}
	}
}

// notRun reports whether the error says that there was nothing to measure.
func notRun(err error) bool {
	var s statusError
	return errors.As(err, &s) && s.err != nil
}

func commandStatus(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return statusError{status: statusSignal + int(ws.Signal())}
	}
	return statusError{status: exit.ExitCode()}
}

// typed reports whether a signal came from the keyboard, as far as can be told. The terminal sends those to the whole
// foreground process group, and so to the command, which should not get them twice.
func typed(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT {
		return false
	}
	stat, err := os.ReadFile("/proc/self/stat") // proc(5): pid (comm) state ppid pgrp session tty_nr tpgid ...
	if err != nil {
		return false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 5 && bytes.Equal(fields[2], fields[5])
}
