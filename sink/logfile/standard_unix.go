//go:build unix

package logfile

import (
	"errors"
	"os"
	"syscall"
)

// ownStandard returns a file of our own for standard output or error, nil for any other. When nobody reads them any more,
// package os raises SIGPIPE for writes to these two descriptors, of which the process dies; for a copy it returns EPIPE.
//
// https://pkg.go.dev/os/signal#hdr-SIGPIPE
func ownStandard(f *os.File) (own *os.File, err error) {
	conn, err := f.SyscallConn() // unlike f.Fd, it leaves a file that does not block as it is
	if err != nil {
		return nil, err
	}
	cannot := conn.Control(func(fd uintptr) {
		if fd != 1 && fd != 2 {
			return
		}
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		var copied int
		if copied, err = syscall.Dup(int(fd)); err != nil {
			err = os.NewSyscallError("dup", err)
			return
		}
		syscall.CloseOnExec(copied)
		own = os.NewFile(uintptr(copied), f.Name())
	})
	return own, errors.Join(cannot, err)
}

// readerGone reports whether err says that nobody is left to read.
func readerGone(err error) bool { return errors.Is(err, syscall.EPIPE) }
