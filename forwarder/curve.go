//go:build cgo

package forwarder

/*
#cgo pkg-config: libzmq
#include <errno.h>
#include <zmq.h>

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

// Without this, libzmq lets everybody in while nobody answers for keys.
static int enforce_zap(void *socket) {
	int yes = 1;
	return zmq_setsockopt(socket, ZMQ_ZAP_ENFORCE_DOMAIN, &yes, sizeof yes) == 0 ? 0 : errno;
}
*/
import "C"

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/internal/zap"
	"github.com/zibrato/zibrato/keys"
)

const (
	// maxSecureRequest is maxRequest with CURVE: the largest command of its handshake takes about 300 bytes.
	maxSecureRequest = 512

	// watchInterval is how often the lists of keys are looked at.
	watchInterval = 500 * time.Millisecond
)

// locks are the guards of both sides, and what keeps their lists fresh. The zero locks are those of a forwarder without keys.
type locks struct {
	guards  [2]*guard // of in and out; nil without keys
	domains [2]*zap.Domain
	quit    chan struct{} // ends the watch; nil if there is none
	watched chan struct{} // closed when it has ended
}

// refused is how often both have.
func (l *locks) refused() (n uint64) {
	for _, g := range l.guards {
		if g != nil {
			n += g.refused.Load()
		}
	}
	return n
}

// lock makes both sides serve only who is on their lists. It is called before they bind.
func (f *Forwarder) lock(cfg Config) (err error) {
	if cfg.Key.IsZero() {
		return nil
	}
	for i, l := range []struct {
		side        *side
		name        string
		field, list string
	}{{f.in, "in", "AllowIn", cfg.AllowIn}, {f.out, "out", "AllowOut", cfg.AllowOut}} {
		field, list := "Config."+l.field, l.list
		if list == "" {
			field, list = "Config.Allow", cfg.Allow
		}
		g, err := newGuard(l.name, list, cfg.Logger)
		if err != nil {
			return fmt.Errorf("%s %q: %w", field, list, err)
		}
		d, err := zap.Open(g.decide)
		if err != nil {
			return fmt.Errorf("Config.Key: %w", err)
		}
		f.locks.guards[i], f.locks.domains[i], l.side.guard = g, d, g
		if err := l.side.secure(cfg.Key, d.Name()); err != nil {
			return fmt.Errorf("Config.Key: %w", err)
		}
	}
	return f.out.socket.SetMaxmsgsize(maxSecureRequest)
}

// secure makes the socket a CURVE server.
func (s *side) secure(key keys.Pair, domain string) error {
	raw, err := rawSocket(s.socket)
	if err != nil {
		return err
	}
	// EINVAL is the answer of a libzmq without drafts. It has the handler, which is there before the socket listens and after it is closed.
	if errno := zmq.Errno(C.enforce_zap(raw)); errno != 0 && errno != zmq.Errno(syscall.EINVAL) {
		return errno
	}
	return cmp.Or(s.socket.SetZapDomain(domain), s.socket.SetCurveSecretkey(key.Secret()), s.socket.SetCurveServer(1))
}

// watch begins to look at the lists. It asks for the expulsion of whom they no longer hold by writing the side's number to the
// pipe, and waits for another look before that, which forgives whoever empties a file before filling it.
func (f *Forwarder) watch() {
	l := &f.locks
	if l.guards[0] == nil {
		return
	}
	l.quit, l.watched = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(l.watched)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		var was [2]bool
		for {
			select {
			case <-l.quit:
				return
			case <-tick.C:
			}
			for i, g := range l.guards {
				stale := g.reload()
				if stale && was[i] {
					f.asks.Write([]byte{byte(i)}) // fails when the forwarder ends
				}
				was[i] = stale && !was[i]
			}
		}
	}()
}

func (l *locks) endWatch() {
	if l.quit != nil {
		close(l.quit)
		<-l.watched
	}
}

// told reads why the pipe is readable. It reports whether the forwarder is to end.
func (f *Forwarder) told() (end bool, err error) {
	var number [1]byte
	if _, err := f.stopped.Read(number[:]); errors.Is(err, io.EOF) {
		return true, nil
	} else if err != nil {
		return false, fmt.Errorf("reading a pipe: %w", err)
	}
	switch number[0] {
	case alive:
		f.pulse.beat()
		return false, nil
	case requested:
		f.relay.asked = true
		return false, nil
	}
	i := int(number[0])
	s := f.gate.sides[i]
	f.gate.end()
	defer f.gate.start()
	defer f.gate.forget(i)
	if err := s.expel(); err != nil {
		return false, fmt.Errorf("listening at %s again, after a key was taken off the list: %w", s.bound, err)
	}
	return false, nil
}

// expel ends all connections: libzmq cannot end one alone. Peers connect again at once, and those who may are served.
func (s *side) expel() error {
	s.guard.expelled()
	if err := s.socket.Unbind(s.bound); err != nil {
		return err
	}
	s.awaitClosed()
	s.peers.Store(0) // libzmq tells of connections that others close
	var err error
	for deadline := time.Now().Add(unbindTimeout); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if err = s.socket.Bind(s.bound); zmq.AsErrno(err) != zmq.EADDRINUSE {
			return err
		}
	}
	return err
}

// close stops answering for keys. The sockets are closed by then.
func (l *locks) close() {
	for _, d := range l.domains {
		if d != nil {
			d.Close()
		}
	}
}
