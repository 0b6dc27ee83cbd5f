//go:build cgo

package forwarder

import (
	"cmp"
	"fmt"
	"syscall"

	"github.com/zibrato/zibrato/internal/tcp"
)

// kernel is what the gate asks of the operating system. libzmq tells the descriptors of its connections but may close them at any time,
// and then the number may stand for another file of this process. So whatever changes something is done to a duplicate, after a look at
// its cookie, which the kernel never gives twice.
type kernel struct {
	activity [2]int // an epoll per side, edge-triggered: readable when bytes came on a connection that is watched
	spare    int    // a descriptor kept for duplicates, so that there is one even when the process may open no more files
	nothing  int    // what stands there else
}

func newKernel() (*kernel, error) {
	k := &kernel{activity: [2]int{-1, -1}, spare: -1, nothing: -1}
	var err [4]error
	k.activity[in], err[0] = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	k.activity[out], err[1] = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	k.nothing, err[2] = syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	k.spare, err[3] = syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err := cmp.Or(err[:]...); err != nil {
		k.close()
		return nil, fmt.Errorf("preparing to watch connections: %w; raise the limit on open files", err)
	}
	return k, nil
}

func (k *kernel) close() {
	for _, fd := range []int{k.activity[in], k.activity[out], k.spare, k.nothing} {
		if fd >= 0 {
			syscall.Close(fd)
		}
	}
}

func (*kernel) identify(fd int, bound string) (tcp.Identity, string, bool) {
	id, ok := tcp.Identify(fd)
	if !ok || !isAt(fd, bound) {
		return 0, "", false
	}
	return id, peerOf(fd), true
}

func (k *kernel) watch(side, fd int) {
	const edge = 1 << 31 // EPOLLET, which package syscall has as a negative number
	// The kernel passes over what came and is read already, unless there is something else to tell: as a rule, that one may write.
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLOUT | edge, Fd: int32(fd)}
	syscall.EpollCtl(k.activity[side], syscall.EPOLL_CTL_ADD, fd, &event) // fails on one that is closed already
}

// active may miss a connection that is full the other way, and has been read meanwhile.
func (k *kernel) active(side int, f func(fd int)) {
	var events [256]syscall.EpollEvent
	for {
		n, err := syscall.EpollWait(k.activity[side], events[:], 0)
		for i := range max(n, 0) {
			f(int(events[i].Fd))
		}
		if n < len(events) && err != syscall.EINTR {
			return
		}
	}
}

func (*kernel) flow(fd int) (tcp.Flow, bool) { return tcp.FlowOf(fd) }

// cut makes libzmq close a connection as one that the peer has reset.
func (k *kernel) cut(fd int, id tcp.Identity) {
	k.with(fd, id, tcp.Reset)
}

// hold works as long as no more comes than the beginning of a handshake.
func (k *kernel) hold(fd int, id tcp.Identity, yes bool) {
	least := 1
	if yes {
		least = 1 << 20
	}
	// The kernel wakes up those who wait for what is there already.
	k.with(fd, id, func(fd int) { syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, least) })
}

// mute makes the peer say again later what it says now.
func (k *kernel) mute(fd int, id tcp.Identity, yes bool) {
	k.with(fd, id, func(fd int) { tcp.Mute(fd, yes) })
}

// with calls f with a duplicate of a descriptor, unless that stands for something else by now.
func (k *kernel) with(fd int, id tcp.Identity, f func(fd int)) {
	if syscall.Dup3(fd, k.spare, syscall.O_CLOEXEC) != nil {
		return // closed meanwhile
	}
	if now, ok := tcp.Identify(k.spare); ok && now == id {
		f(k.spare)
	}
	syscall.Dup3(k.nothing, k.spare, syscall.O_CLOEXEC)
}

// filesLeft returns how many files this process may still open.
func filesLeft() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1 << 20
	}
	open := 0
	for fd := range min(limit.Cur, 1<<16) { // a process with more open has a limit to match
		var stat syscall.Stat_t
		if syscall.Fstat(int(fd), &stat) == nil {
			open++
		}
	}
	return int(min(limit.Cur, 1<<20)) - open
}
