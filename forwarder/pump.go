//go:build cgo

package forwarder

/*
#cgo pkg-config: libzmq
#include <errno.h>
#include <stdint.h>
#include <zmq.h>

// The size of a burst: how many messages pass before subscriptions are looked for again.
enum { BURST = 256 };

// The largest message that passes: metric.MaxFrame.
enum { MAX_FRAME = 1 << 20 };

// Why pump_run returns.
enum {
	STOP = 1 << 0,       // the forwarder is to end
	REQUESTS = 1 << 1,   // subscribers sent something
	IN_EVENTS = 1 << 2,  // a monitor has something to say
	OUT_EVENTS = 1 << 3,
	REFUSED = 1 << 4     // a message was dropped, multipart or too large
};

// What passes is counted here, for others to read meanwhile.
struct traffic { uint64_t messages, bytes, multipart, large; };

struct pump {
	void *in, *out, *in_events, *out_events;
	int stop;     // a file descriptor
	int amid;     // the frame received last belongs to a multipart message and is not its end
	unsigned why; // why pump_run returned
};

// Moves one burst, and returns 0 or an errno. A received message is handed on as it is; libzmq empties it on sending, and
// frees what it holds when the next one is received into it.
static int pump_burst(struct pump *p, struct traffic *t) {
	zmq_msg_t msg;
	uint64_t messages = 0, bytes = 0, multipart = 0, large = 0;
	int err = 0;
	zmq_msg_init(&msg);
	for (int i = 0; i < BURST; i++) {
		if (zmq_msg_recv(&msg, p->in, ZMQ_DONTWAIT) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
				err = errno;
			break;
		}
		int more = zmq_msg_more(&msg);
		if (more || p->amid) {
			multipart += !p->amid;
			p->amid = more;
			continue;
		}
		size_t size = zmq_msg_size(&msg);
		if (size > MAX_FRAME) {
			large++;
			continue;
		}
		int sent;
		do
			sent = zmq_msg_send(&msg, p->out, ZMQ_DONTWAIT);
		while (sent < 0 && errno == EINTR);
		if (sent < 0) {
			err = errno;
			break;
		}
		messages++;
		bytes += size;
	}
	zmq_msg_close(&msg);
	__atomic_fetch_add(&t->bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->messages, messages, __ATOMIC_RELEASE); // who reads this first finds the bytes counted
	if (multipart || large) {
		__atomic_fetch_add(&t->multipart, multipart, __ATOMIC_RELAXED);
		__atomic_fetch_add(&t->large, large, __ATOMIC_RELAXED);
		p->why |= REFUSED;
	}
	return err;
}

// Moves messages until something else needs attention, and returns 0 or an errno.
static int pump_run(struct pump *p, struct traffic *t) {
	zmq_pollitem_t items[] = {
		{p->in, 0, ZMQ_POLLIN, 0},
		{p->out, 0, ZMQ_POLLIN, 0},
		{p->in_events, 0, ZMQ_POLLIN, 0},
		{p->out_events, 0, ZMQ_POLLIN, 0},
		{NULL, p->stop, ZMQ_POLLIN, 0},
	};
	p->why = 0;
	while (!p->why) {
		if (zmq_poll(items, sizeof items / sizeof *items, -1) < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		if (items[0].revents) {
			int err = pump_burst(p, t);
			if (err)
				return err;
		}
		p->why |= (items[1].revents ? REQUESTS : 0) | (items[2].revents ? IN_EVENTS : 0)
			| (items[3].revents ? OUT_EVENTS : 0) | (items[4].revents ? STOP : 0);
	}
	return 0;
}
*/
import "C"

import (
	"fmt"
	"reflect"
	"unsafe"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/metric"
)

// The C loop counts straight into the Go struct.
var _ = [1]struct{}{}[unsafe.Sizeof(traffic{})-C.sizeof_struct_traffic]

var _ = [1]struct{}{}[metric.MaxFrame-C.MAX_FRAME]

// pump moves messages from In to Out in C: one call lasts until something else needs attention, however many messages
// pass meanwhile, so that neither a call nor Go's scheduler stands between two bursts. The goroutine that owns the sockets owns it.
type pump struct {
	c       *C.struct_pump // C writes to it during run
	traffic *traffic       // C adds to it during run, anyone reads it
}

func newPump(in, out *side, stopFD uintptr) (*pump, error) {
	p := &pump{c: &C.struct_pump{stop: C.int(stopFD)}, traffic: new(traffic)}
	for _, s := range []struct {
		to   *unsafe.Pointer
		from *zmq.Socket
	}{{&p.c.in, in.socket}, {&p.c.out, out.socket}, {&p.c.in_events, in.monitor}, {&p.c.out_events, out.monitor}} {
		raw, err := rawSocket(s.from)
		if err != nil {
			return nil, err
		}
		*s.to = raw
	}
	return p, nil
}

// attention is the set of things that pump.run returns for.
type attention uint32

const (
	stop      = attention(C.STOP)
	requests  = attention(C.REQUESTS)
	inEvents  = attention(C.IN_EVENTS)
	outEvents = attention(C.OUT_EVENTS)
	refused   = attention(C.REFUSED)
)

// run moves messages until something else needs attention.
func (p *pump) run() (attention, error) {
	if errno := C.pump_run(p.c, (*C.struct_traffic)(unsafe.Pointer(p.traffic))); errno != 0 {
		return 0, fmt.Errorf("moving messages: %w", zmq.Errno(errno))
	}
	return attention(p.c.why), nil
}

// rawSocket returns libzmq's own handle of a socket, which zmq4 keeps to itself.
func rawSocket(s *zmq.Socket) (unsafe.Pointer, error) {
	field := reflect.ValueOf(s).Elem().FieldByName("soc")
	if !field.IsValid() || field.Kind() != reflect.UnsafePointer || field.UnsafePointer() == nil {
		return nil, fmt.Errorf("this version of github.com/pebbe/zmq4 keeps no open libzmq socket in the field Socket.soc; use v1.4.0")
	}
	return field.UnsafePointer(), nil
}
