//go:build cgo

package forwarder

/*
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

// What the kernel knows of a connection.
struct flow { uint64_t received, acked; uint32_t unread, unsent; };

static int flow_of(int fd, struct flow *f) {
	struct tcp_info info;
	socklen_t size = sizeof info;
	int unread = 0;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 || size < sizeof info - sizeof(uint64_t) || ioctl(fd, FIONREAD, &unread) < 0)
		return -1;
	f->received = info.tcpi_bytes_received;
	f->acked = info.tcpi_bytes_acked;
	f->unsent = info.tcpi_notsent_bytes;
	f->unread = unread;
	return 0;
}

// Resets a TCP connection and throws away what was not read; others are shut down.
static void reset(int fd) {
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	if (connect(fd, &none, sizeof none) < 0)
		shutdown(fd, SHUT_RDWR);
}

static int cookie_of(int fd, uint64_t *cookie) {
	socklen_t size = sizeof *cookie;
	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &size);
}
*/
import "C"

import (
	"cmp"
	"fmt"
	"syscall"
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

func (*kernel) identify(fd int, bound string) (identity, string, bool) {
	id, ok := cookieOf(fd)
	if !ok || !isAt(fd, bound) {
		return 0, "", false
	}
	return id, peerOf(fd), true
}

func cookieOf(fd int) (identity, bool) {
	var cookie C.uint64_t
	ok := C.cookie_of(C.int(fd), &cookie) == 0 && cookie != 0
	return identity(cookie), ok
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

func (*kernel) flow(fd int) (flow, bool) {
	var f C.struct_flow
	if C.flow_of(C.int(fd), &f) < 0 {
		return flow{}, false
	}
	return flow{received: uint64(f.received), unread: uint64(f.unread), acked: uint64(f.acked), unsent: uint64(f.unsent)}, true
}

// cut makes libzmq close a connection as one that the peer has reset.
func (k *kernel) cut(fd int, id identity) {
	k.with(fd, id, func(fd int) { C.reset(C.int(fd)) })
}

// hold works as long as no more comes than the beginning of a handshake.
func (k *kernel) hold(fd int, id identity, yes bool) {
	least := 1
	if yes {
		least = 1 << 20
	}
	// The kernel wakes up those who wait for what is there already.
	k.with(fd, id, func(fd int) { syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, least) })
}

// with calls f with a duplicate of a descriptor, unless that stands for something else by now.
func (k *kernel) with(fd int, id identity, f func(fd int)) {
	if syscall.Dup3(fd, k.spare, syscall.O_CLOEXEC) != nil {
		return // closed meanwhile
	}
	if now, ok := cookieOf(k.spare); ok && now == id {
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
