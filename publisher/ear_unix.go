//go:build cgo && unix

package publisher

import (
	"fmt"
	"os"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// ear tells when a ZeroMQ socket may have something to say. It waits for the socket's file descriptor in Go's own poller, so
// that it costs neither a thread nor a look now and then. It does not touch the socket, whose owner must look at it whenever C is ready.
type ear struct {
	C    chan struct{} // has room for one token
	file *os.File
	done chan struct{}
}

func listen(s *zmq.Socket) (*ear, error) {
	fd, err := s.GetFd()
	if err != nil {
		return nil, fmt.Errorf("publisher: reading a socket's descriptor: %w", err)
	}
	// A duplicate, since closing the file must not close libzmq's descriptor.
	syscall.ForkLock.RLock()
	dup, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(dup)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("publisher: duplicating a socket's descriptor: %w", err)
	}
	if err := syscall.SetNonblock(dup, true); err != nil {
		syscall.Close(dup)
		return nil, fmt.Errorf("publisher: %w", err)
	}
	e := &ear{C: make(chan struct{}, 1), file: os.NewFile(uintptr(dup), "zmq"), done: make(chan struct{})}
	raw, err := e.file.SyscallConn()
	if err != nil {
		e.file.Close()
		return nil, fmt.Errorf("publisher: %w", err)
	}
	go func() {
		defer close(e.done)
		for {
			again := false
			err := raw.Read(func(uintptr) bool {
				// The first call comes after the poller was reset and before the wait: what became readable until
				// now is for the owner to find, what becomes so later ends the wait.
				e.ring()
				again = !again
				return !again
			})
			if err != nil {
				return // closed
			}
		}
	}()
	return e, nil
}

func (e *ear) ring() {
	select {
	case e.C <- struct{}{}:
	default:
	}
}

func (e *ear) close() {
	e.file.Close()
	<-e.done
}
