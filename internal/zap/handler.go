//go:build cgo

package zap

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"syscall"

	zmq "github.com/pebbe/zmq4"
	"go.uber.org/atomic"
)

// endpoint is where libzmq asks.
const endpoint = "inproc://zeromq.zap.01"

var (
	// serial makes the names of domains and of in-process endpoints unique in the process.
	serial atomic.Uint64

	// all are the domains of the process; the handler looks them up.
	all = domains{of: map[string]Decide{}}

	// running guards the handler's start and end, and is held meanwhile.
	running sync.Mutex
	only    *handler // nil while no domain is open
)

// Domain is what sockets are told to ask for. It may be used from any goroutine.
type Domain struct {
	name  string
	close func()
}

// Open makes a domain for which decide answers. It fails where the program answers for its sockets itself, or libzmq has no CURVE.
func Open(decide Decide) (*Domain, error) {
	if !zmq.HasCurve() {
		return nil, errors.New("this libzmq was built without CURVE; install one built with libsodium")
	}
	running.Lock()
	defer running.Unlock()
	if only == nil {
		h, err := start()
		if err != nil {
			return nil, err
		}
		only = h
	}
	d := &Domain{name: fmt.Sprintf("zibrato-%d", serial.Inc())}
	d.close = sync.OnceFunc(func() {
		running.Lock()
		defer running.Unlock()
		if all.forget(d.name) {
			only.end()
			only = nil
		}
	})
	all.set(d.name, decide)
	return d, nil
}

// Name is for the option ZMQ_ZAP_DOMAIN.
func (d *Domain) Name() string { return d.name }

// Close refuses whoever asks for the domain from now on. The sockets of the domain are to be closed first. It may be called more than once.
func (d *Domain) Close() { d.close() }

// handler answers until it is told to end.
type handler struct {
	stop *zmq.Socket // a PAIR; whoever holds running owns it
	done chan struct{}

	// The goroutine of run owns what follows.
	rep     *zmq.Socket
	stopped *zmq.Socket
}

func start() (*handler, error) {
	h := &handler{done: make(chan struct{})}
	name := fmt.Sprintf("inproc://zibrato-zap-%d", serial.Inc())
	var err error
	for _, s := range []struct {
		socket **zmq.Socket
		kind   zmq.Type
	}{{&h.rep, zmq.REP}, {&h.stopped, zmq.PAIR}, {&h.stop, zmq.PAIR}} {
		if *s.socket, err = zmq.NewSocket(s.kind); err != nil {
			*s.socket = nil
			h.release()
			return nil, fmt.Errorf("making a socket that answers for keys: %w", err)
		}
	}
	if err := cmp.Or(h.rep.SetLinger(0), h.rep.SetSndhwm(0), h.rep.SetRcvhwm(0), h.stopped.Bind(name), h.stop.Connect(name)); err != nil {
		h.release()
		return nil, fmt.Errorf("setting up a socket that answers for keys: %w", err)
	}
	if err := h.rep.Bind(endpoint); err != nil {
		h.release()
		return nil, fmt.Errorf("answering for keys at %s: %w; another part of this program does that: it may not call zmq4.AuthStart", endpoint, err)
	}
	go h.run()
	return h, nil
}

func (h *handler) release() {
	for _, s := range []*zmq.Socket{h.rep, h.stopped, h.stop} {
		if s != nil {
			s.Close()
		}
	}
}

// run answers. It ends when it is told to, or with ZeroMQ's context, whose sockets are dead then, too.
func (h *handler) run() {
	defer close(h.done)
	defer h.stopped.Close()
	// The name has to be free when end returns. Closing frees it some time later.
	defer func() {
		h.rep.Unbind(endpoint)
		h.rep.Close()
	}()
	poller := zmq.NewPoller()
	poller.Add(h.rep, zmq.POLLIN)
	poller.Add(h.stopped, zmq.POLLIN)
	for {
		ready, err := poller.Poll(-1)
		if err != nil && !interrupted(err) {
			return
		}
		for _, r := range ready {
			if r.Socket == h.stopped {
				return
			}
			if err := h.answer(); err != nil {
				return
			}
		}
	}
}

// answer answers one request. A REP takes no other before it has sent a reply.
func (h *handler) answer() error {
	request, err := h.rep.RecvMessageBytes(zmq.DONTWAIT)
	if interrupted(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = h.rep.SendMessage(all.answer(request))
	return err
}

func interrupted(err error) bool {
	return errors.Is(err, zmq.Errno(syscall.EAGAIN)) || errors.Is(err, zmq.Errno(syscall.EINTR))
}

// end stops the handler and waits until it has.
func (h *handler) end() {
	h.stop.Send("", zmq.DONTWAIT) // fails on a dead context only, with which run ends, too
	<-h.done
	h.stop.Close()
}
