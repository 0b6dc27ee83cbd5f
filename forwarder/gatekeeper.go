//go:build cgo

package forwarder

/*
#cgo pkg-config: libzmq
#include <errno.h>
#include <zmq.h>

enum { GATE_IN = 1 << 0, GATE_OUT = 1 << 1, GATE_ASKED = 1 << 2, GATE_REQUESTS = 1 << 3, GATE_MESSAGES = 1 << 4 };

// Waits for what is said by the monitors, or on descriptors, of which negative ones are passed over. Returns 0 after the timeout.
static int gate_wait(void *in_events, void *out_events, int asked, int requests, int messages, long timeout) {
	zmq_pollitem_t items[] = {
		{in_events, 0, ZMQ_POLLIN, 0},
		{out_events, 0, ZMQ_POLLIN, 0},
		{NULL, asked, ZMQ_POLLIN, 0},
		{NULL, requests, ZMQ_POLLIN, 0},
		{NULL, messages, ZMQ_POLLIN, 0},
	};
	if (zmq_poll(items, requests < 0 ? 3 : messages < 0 ? 4 : 5, timeout) < 0)
		return errno == EINTR ? 0 : GATE_ASKED;
	int why = 0;
	for (int i = 0; i < 5; i++)
		why |= items[i].revents ? 1 << i : 0;
	return why;
}
*/
import "C"

import (
	"fmt"
	"os"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// lookInterval is the least time between two looks at the publishers, and so about how long one can misbehave. Subscribers, who send next
// to nothing, are looked at as soon as they do.
const lookInterval = 5 * time.Millisecond

// admitInterval is how often it is looked, in milliseconds, whether one who waits may come in.
const admitInterval = 10

// gatekeeper tells a gate of the connections of both sides. libzmq accepts and reads whatever comes, in threads of its own, so it learns of
// connections from the monitors, and of what came on them from the kernel, which knows it before libzmq does.
//
// The goroutine that start starts owns the gate and the monitors until end returns.
type gatekeeper struct {
	*gate
	sides  [2]*side
	kernel *kernel

	asked, asks *os.File      // a pipe, through which the goroutine is asked to end, or whether it is alive
	ended       chan struct{} // closed when it has ended; nil while there is none
	pulse       pulse
}

func newGatekeeper(cfg Config, inSide, outSide *side, p *pump, r *refusals) (*gatekeeper, error) {
	kernel, err := newKernel()
	if err != nil {
		return nil, err
	}
	g := &gatekeeper{gate: newGate(cfg.limits(filesLeft()), kernel, p, p.traffic, r), sides: [2]*side{inSide, outSide}, kernel: kernel}
	if g.asked, g.asks, err = os.Pipe(); err != nil {
		kernel.close()
		return nil, fmt.Errorf("making a pipe: %w; raise the limit on open files", err)
	}
	return g, nil
}

// start makes a goroutine watch.
func (g *gatekeeper) start() {
	g.ended = make(chan struct{})
	go g.run()
}

// end waits until the goroutine has ended. The monitors are the caller's then, who may start it again.
func (g *gatekeeper) end() {
	if g.ended == nil {
		return
	}
	g.asks.Write([]byte{0})
	<-g.ended
	g.ended = nil
}

// close ends the goroutine for good.
func (g *gatekeeper) close() {
	g.end()
	g.kernel.close()
	g.asks.Close()
	g.asked.Close()
}

func (g *gatekeeper) run() {
	defer close(g.ended)
	inEvents, err1 := rawSocket(g.sides[in].monitor)
	outEvents, err2 := rawSocket(g.sides[out].monitor)
	if err1 != nil || err2 != nil {
		return // the sockets are closed, as when the context was terminated
	}
	asked := C.int(g.asked.Fd())
	requests := C.int(g.kernel.activity[out])
	var rest time.Time // when the next look at the publishers is due; zero: when something comes
	for {
		messages, timeout := C.int(g.kernel.activity[in]), C.long(-1)
		if !rest.IsZero() {
			messages, timeout = -1, C.long(max(0, time.Until(rest)+time.Millisecond-1)/time.Millisecond)
		}
		if g.pending() && (timeout < 0 || timeout > admitInterval) {
			timeout = admitInterval
		}
		why := C.gate_wait(inEvents, outEvents, asked, requests, messages, timeout)
		if why&C.GATE_ASKED != 0 {
			if g.toEnd() {
				return
			}
			continue
		}
		now := time.Now()
		if why&C.GATE_IN != 0 {
			g.listen(in, now)
		}
		if why&C.GATE_OUT != 0 {
			g.listen(out, now)
		}
		if why&C.GATE_REQUESTS != 0 {
			g.lookAtSubscribers(now)
		}
		if g.pending() {
			g.admit(now)
		}
		if why&C.GATE_MESSAGES != 0 || !rest.IsZero() && !now.Before(rest) {
			rest = time.Time{}
			if g.lookAtPublishers(now) {
				rest = now.Add(lookInterval)
			}
		}
	}
}

// toEnd reads what the goroutine is asked, and waits for it if there is nothing.
func (g *gatekeeper) toEnd() bool {
	var question [1]byte
	if _, err := g.asked.Read(question[:]); err != nil || question[0] != alive {
		return true
	}
	g.pulse.beat()
	return false
}

// listen takes in what a monitor says.
func (g *gatekeeper) listen(i int, now time.Time) {
	s := g.sides[i]
	for range eventsPerTurn {
		event, _, fd, err := s.monitor.RecvEvent(zmq.DONTWAIT)
		if err != nil {
			return
		}
		s.hear(event)
		switch event {
		case zmq.EVENT_ACCEPTED:
			g.accept(i, fd, s.bound, now)
		case zmq.EVENT_DISCONNECTED:
			g.lose(i, fd, now)
		}
	}
}
