//go:build cgo

package forwarder

/*
#cgo pkg-config: libzmq
#include <errno.h>
#include <zmq.h>

enum { GATE_IN = 1 << 0, GATE_OUT = 1 << 1, GATE_STOP = 1 << 2, GATE_REQUESTS = 1 << 3, GATE_MESSAGES = 1 << 4 };

// Waits for what is said by the monitors, or on descriptors, of which negative ones are passed over. Returns 0 after the timeout.
static int gate_wait(void *in_events, void *out_events, int stop, int requests, int messages, long timeout) {
	zmq_pollitem_t items[] = {
		{in_events, 0, ZMQ_POLLIN, 0},
		{out_events, 0, ZMQ_POLLIN, 0},
		{NULL, stop, ZMQ_POLLIN, 0},
		{NULL, requests, ZMQ_POLLIN, 0},
		{NULL, messages, ZMQ_POLLIN, 0},
	};
	if (zmq_poll(items, requests < 0 ? 3 : messages < 0 ? 4 : 5, timeout) < 0)
		return errno == EINTR ? 0 : GATE_STOP;
	int why = 0;
	for (int i = 0; i < 5; i++)
		why |= items[i].revents ? 1 << i : 0;
	return why;
}
*/
import "C"

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// lookInterval is the least time between two looks at the publishers, and so about how long one can misbehave. Subscribers, who send next
// to nothing, are looked at as soon as they do.
const lookInterval = 5 * time.Millisecond

// admitInterval is how often it is looked, in milliseconds, whether one who waits may come in.
const admitInterval = 10

// gate watches the connections of both sides, and cuts those that take more than their share. libzmq accepts and reads whatever comes, in
// threads of its own, so the gate learns of connections from the monitors, and what came on them from the kernel, which
// knows it before libzmq does. It takes no part in moving messages.
//
// The goroutine that start starts owns it and the monitors until end returns.
type gate struct {
	limits   limits
	sides    [2]*side
	pump     *pump
	refusals *refusals
	log      *slog.Logger
	kernel   *kernel

	conns   [2]*conns // of In and Out
	sources *sources  // of subscribers
	waiting []*conn   // subscribers that wait to be let in, in the order in which they came
	flooded time.Time // when a subscriber was last cut for a flood
	turns   uint64    // the pump's count then

	emptied uint64 // the pump's count of when nothing waited for it, at the last look that saw it changed
	taken   uint64 // the pump's count of bytes then
	came    uint64 // bytes that libzmq has read from publishers since
	doubted bool   // whether all were looked at since, to be sure of that

	mu      sync.Mutex
	strikes map[int]int // refused topics by descriptor, since the last look; relay adds to them

	stopped, stop *os.File      // a pipe: a byte in it ends the goroutine
	ended         chan struct{} // closed when it has ended; nil while there is none
}

// The sides.
const (
	in  = 0
	out = 1
)

func newGate(l limits, inSide, outSide *side, p *pump, r *refusals) (*gate, error) {
	g := &gate{limits: l, sides: [2]*side{inSide, outSide}, pump: p, refusals: r, strikes: make(map[int]int)}
	g.conns, g.sources = [2]*conns{newConns(), newConns()}, newSources(l.requestsInAll)
	var err error
	if g.kernel, err = newKernel(); err != nil {
		return nil, err
	}
	if g.stopped, g.stop, err = os.Pipe(); err != nil {
		g.kernel.close()
		return nil, fmt.Errorf("making a pipe: %w; raise the limit on open files", err)
	}
	return g, nil
}

// start makes a goroutine watch.
func (g *gate) start() {
	g.ended = make(chan struct{})
	go g.run()
}

// end waits until the goroutine has ended. The monitors are the caller's then, who may start it again.
func (g *gate) end() {
	if g.ended == nil {
		return
	}
	g.stop.Write([]byte{0})
	<-g.ended
	g.ended = nil
	g.stopped.Read(make([]byte, 1))
}

// close ends the goroutine for good.
func (g *gate) close() {
	g.end()
	g.kernel.close()
	g.stop.Close()
	g.stopped.Close()
}

// forget is for after libzmq has closed all connections of a side.
func (g *gate) forget(s *side) {
	for i := range g.sides {
		if g.sides[i] == s {
			g.conns[i] = newConns()
		}
	}
}

func (g *gate) run() {
	defer close(g.ended)
	inEvents, err1 := rawSocket(g.sides[in].monitor)
	outEvents, err2 := rawSocket(g.sides[out].monitor)
	if err1 != nil || err2 != nil {
		return // the sockets are closed, as when the context was terminated
	}
	stop := C.int(g.stopped.Fd())
	requests := C.int(g.kernel.activity[out])
	var rest time.Time // when the next look at the publishers is due; zero: when something comes
	for {
		messages, timeout := C.int(g.kernel.activity[in]), C.long(-1)
		if !rest.IsZero() {
			messages, timeout = -1, C.long(max(0, time.Until(rest)+time.Millisecond-1)/time.Millisecond)
		}
		if len(g.waiting) > 0 && (timeout < 0 || timeout > admitInterval) {
			timeout = admitInterval
		}
		why := C.gate_wait(inEvents, outEvents, stop, requests, messages, timeout)
		if why&C.GATE_STOP != 0 {
			return
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
		if len(g.waiting) > 0 {
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

// listen takes in what a monitor says.
func (g *gate) listen(i int, now time.Time) {
	s, c := g.sides[i], g.conns[i]
	for range eventsPerTurn {
		event, _, fd, err := s.monitor.RecvEvent(zmq.DONTWAIT)
		if err != nil {
			return
		}
		s.hear(event)
		switch event {
		case zmq.EVENT_ACCEPTED:
			g.accept(i, fd, now)
			if surplus := c.surplus(g.limits, now); surplus != nil {
				g.cut(i, surplus, RefusedConnections, now)
			}
		case zmq.EVENT_DISCONNECTED:
			c.remove(fd)
		}
	}
}

func (g *gate) accept(i, fd int, now time.Time) {
	c := g.conns[i].accept(fd, g.sides[i].bound, now)
	if c == nil {
		return
	}
	c.others = g.pump.traffic.nameless.Load()
	g.kernel.watch(i, fd)
	if i == out && !g.sources.admit(c.address, g.busy(now), now) {
		g.kernel.hold(fd, c.id, true)
		g.waiting = append(g.waiting, c)
	}
}

// admit lets in those who wait, as far as they may come now.
func (g *gate) admit(now time.Time) {
	g.waiting = slices.DeleteFunc(g.waiting, func(c *conn) bool {
		if g.conns[out].byFD[c.fd] != c { // it is gone
			return true
		}
		if !g.sources.admit(c.address, g.busy(now), now) {
			return false
		}
		g.kernel.hold(c.fd, c.id, false)
		return true
	})
}

// cut ends a connection that is at fault.
func (g *gate) cut(i int, c *conn, why Refusal, now time.Time) {
	g.kernel.cut(c.fd, c.id)
	g.conns[i].remove(c.fd)
	g.refusals.add(why, c.address)
	if why == RefusedFlood {
		g.flooded, g.turns = now, g.pump.traffic.turns.Load()
	}
}

// busy reports whether the forwarder may still be at what the last flood has left behind: libzmq sees to that when the pump asks what there is
// to do.
func (g *gate) busy(now time.Time) bool {
	return now.Sub(g.flooded) < 250*time.Millisecond && g.pump.traffic.turns.Load() < g.turns+2
}

// strike notes a refused topic of a subscriber. Any goroutine may call it.
func (g *gate) strike(fd int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strikes[fd]++
}
