//go:build cgo

package forwarder

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"

	"github.com/zibrato/zibrato/internal/monitor"
)

const (
	maxRequest = 256 // a subscriber's whole request, or what it says of itself in the handshake

	backlog           = 1024
	linger            = 250 * time.Millisecond
	heartbeatInterval = time.Second
	heartbeatTimeout  = 3 * time.Second

	requestBuffer = 1 << 10 // bytes; the kernel takes a little more

	unbindTimeout = 500 * time.Millisecond
	eventsPerTurn = 256
)

// serial makes the names of in-process endpoints unique in the process.
var serial atomic.Uint64

// side is one of the two bound sockets, with the monitor that hears its connections come and go. One goroutine owns the socket, the
// gate's owns the monitor while it runs.
type side struct {
	socket  *zmq.Socket
	monitor *zmq.Socket // a PAIR
	bound   string
	guard   *guard       // nil without keys
	peers   atomic.Int64 // connections now; the owner of the monitor writes it, Stats reads it
}

// open makes the socket and its monitor, with the options that both sides have. A larger frame than maxFrame costs a peer
// its connection. Whether or not open fails, close undoes it.
func (s *side) open(kind zmq.Type, maxFrame int64) (err error) {
	if s.socket, err = zmq.NewSocket(kind); err != nil {
		s.socket = nil
		return fmt.Errorf("making a %v socket: %w", kind, err)
	}
	if s.monitor, err = monitor.Open(s.socket, zmq.EVENT_ACCEPTED|zmq.EVENT_DISCONNECTED|zmq.EVENT_CLOSED|zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL); err != nil {
		return err
	}
	if err := cmp.Or(
		s.socket.SetMaxmsgsize(maxFrame),
		s.socket.SetLinger(linger),
		s.socket.SetBacklog(backlog),
		s.socket.SetHandshakeIvl(handshakeTimeout),
		s.socket.SetHeartbeatIvl(heartbeatInterval),
		s.socket.SetHeartbeatTimeout(heartbeatTimeout),
		s.socket.SetHeartbeatTtl(heartbeatTimeout), // by which peers notice that the forwarder is gone, without heartbeats of their own
		s.socket.SetTcpKeepalive(1),                // for peers that speak a ZMTP older than heartbeats
	); err != nil {
		return fmt.Errorf("setting up a %v socket: %w", kind, err)
	}
	return nil
}

// bind starts listening. The error is for the reader of Config; it does not repeat the endpoint.
func (s *side) bind(e endpoint) error {
	if err := s.socket.SetIpv6(e.ipv6); err != nil {
		return err
	}
	if err := s.socket.Bind(e.uri); err != nil {
		return fmt.Errorf("%w%s", err, advice(err))
	}
	var err error
	s.bound, err = s.socket.GetLastEndpoint()
	return err
}

// advice says what can be done about an error of bind.
func advice(err error) string {
	switch zmq.AsErrno(err) {
	case zmq.EADDRINUSE:
		return "; stop the program that listens there, perhaps another forwarder, or choose another port"
	case zmq.EADDRNOTAVAIL, zmq.Errno(syscall.ENODEV):
		return "; no interface of this machine has this address, choose one that has or *"
	case zmq.Errno(syscall.EACCES), zmq.Errno(syscall.EPERM):
		return "; choose a port above 1023, or a path in a directory that this user may write to"
	case zmq.Errno(syscall.ENOENT), zmq.Errno(syscall.ENOTDIR):
		return "; make the directory, or choose another path"
	case zmq.Errno(syscall.ENAMETOOLONG):
		return "; choose a path of at most 107 bytes"
	case zmq.Errno(syscall.EMFILE), zmq.Errno(syscall.ENFILE):
		return "; raise the limit on open files"
	}
	return "; choose another endpoint"
}

func (s *side) hear(event zmq.Event) {
	switch event {
	case zmq.EVENT_ACCEPTED:
		s.peers.Inc()
	case zmq.EVENT_DISCONNECTED:
		s.peers.Dec()
	case zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
		if s.guard != nil {
			s.guard.stranger()
		}
	}
}

// close ends the side. When it returns, the address is free: libzmq closes a listener in a thread of its own, so close
// waits for the monitor to say so. What is still queued for peers gets the linger time.
func (s *side) close() {
	if s.socket == nil {
		return
	}
	if s.bound != "" && s.socket.Unbind(s.bound) == nil {
		s.awaitClosed()
	}
	if s.monitor != nil {
		monitor.Close(s.socket, s.monitor)
	}
	s.socket.Close()
	s.peers.Store(0)
}

func (s *side) awaitClosed() {
	deadline := time.Now().Add(unbindTimeout)
	for left := unbindTimeout; left > 0; left = time.Until(deadline) {
		if s.monitor.SetRcvtimeo(left) != nil {
			return
		}
		event, _, _, err := s.monitor.RecvEvent(0)
		if event == zmq.EVENT_CLOSED || err != nil {
			return
		}
		s.hear(event)
	}
}

func isAgain(err error) bool {
	return err != nil && errors.Is(err, zmq.Errno(syscall.EAGAIN))
}
