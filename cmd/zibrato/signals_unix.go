//go:build cgo && unix

package main

import (
	"os"
	"syscall"
)

// passedOn are the signals that the child of "zibrato time" gets when its parent does.
var passedOn = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
