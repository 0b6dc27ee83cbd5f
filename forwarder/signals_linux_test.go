//go:build cgo

package forwarder

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestSignalsInterruptNothing(t *testing.T) {
	f := start(t, Config{})
	flood(t, f, 1, strings.Repeat("x", 50))
	pid := os.Getpid()
	for range 500 {
		threads, err := os.ReadDir("/proc/self/task")
		must(t, err)
		for _, thread := range threads {
			tid, err := strconv.Atoi(thread.Name())
			must(t, err)
			// Go's runtime ignores an urgent condition that it did not ask for; system calls in C return EINTR.
			syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(pid), uintptr(tid), uintptr(syscall.SIGURG))
		}
		before := f.Stats().Messages
		eventually(t, "messages go on", func() bool { return f.Stats().Messages > before })
	}
	must(t, f.Close())
}
