//go:build cgo

package tcp

/*
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

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

static void reset(int fd) {
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	if (connect(fd, &none, sizeof none) < 0)
		shutdown(fd, SHUT_RDWR);
}

static void mute(int fd) {
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &nothing};
	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void unmute(int fd) {
	int unused = 0;
	setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

static int cookie_of(int fd, uint64_t *cookie) {
	socklen_t size = sizeof *cookie;
	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &size);
}
*/
import "C"

// Identify returns the identity of the socket that has the descriptor now, and false when it is no socket.
func Identify(fd int) (Identity, bool) {
	var cookie C.uint64_t
	ok := C.cookie_of(C.int(fd), &cookie) == 0 && cookie != 0
	return Identity(cookie), ok
}

// FlowOf reports false for what is no TCP connection.
func FlowOf(fd int) (Flow, bool) {
	var f C.struct_flow
	if C.flow_of(C.int(fd), &f) < 0 {
		return Flow{}, false
	}
	return Flow{Received: uint64(f.received), Unread: uint64(f.unread), Acked: uint64(f.acked), Unsent: uint64(f.unsent)}, true
}

// Reset ends a TCP connection as if the peer had reset it, and throws away what was not read; other sockets are shut down. The
// descriptor should be a duplicate of which it is known what it stands for.
func Reset(fd int) { C.reset(C.int(fd)) }

// Mute has the kernel drop whatever comes on a TCP connection, before it takes it for received, or, with false, no longer. The peer sends it
// again, less and less often (https://www.rfc-editor.org/rfc/rfc6298). Other sockets are left alone.
func Mute(fd int, yes bool) {
	_, ok := FlowOf(fd)
	switch {
	case !ok:
	case yes:
		C.mute(C.int(fd))
	default:
		C.unmute(C.int(fd))
	}
}
