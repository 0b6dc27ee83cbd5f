//go:build cgo && unix

package publisher

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/zibrato/zibrato/internal/tcp"
)

// portEye knows the connections of this process to a port: a descriptor that libzmq has let go of may stand for some other file. The zero port
// is that of an endpoint which is not TCP; what is behind it is as good as the permissions of its path.
type portEye int

func newEye(endpoint string) portEye {
	if !strings.HasPrefix(endpoint, "tcp://") {
		return 0
	}
	port, _ := strconv.Atoi(endpoint[strings.LastIndexByte(endpoint, ':')+1:])
	return portEye(port)
}

func (p portEye) look(fd int) (id tcp.Identity, received uint64, ok bool) {
	p.with(fd, func(fd int, now tcp.Identity) {
		var f tcp.Flow
		f, ok = tcp.FlowOf(fd)
		id, received = now, f.Received
	})
	return id, received, ok
}

func (p portEye) cut(fd int, id tcp.Identity) {
	p.with(fd, func(fd int, now tcp.Identity) {
		if now == id {
			tcp.Reset(fd)
		}
	})
}

// with calls f with a duplicate of a descriptor, which stays what it is, if that is a connection to the port.
func (p portEye) with(fd int, f func(fd int, id tcp.Identity)) {
	syscall.ForkLock.RLock()
	dup, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(dup)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return
	}
	defer syscall.Close(dup)
	if id, ok := tcp.Identify(dup); ok && p.leads(dup) {
		f(dup, id)
	}
}

// leads reports whether a connection leads to the port.
func (p portEye) leads(fd int) bool {
	peer, err := syscall.Getpeername(fd)
	if err != nil || p == 0 {
		return false
	}
	switch a := peer.(type) {
	case *syscall.SockaddrInet4:
		return a.Port == int(p)
	case *syscall.SockaddrInet6:
		return a.Port == int(p)
	}
	return false
}
