//go:build cgo

package forwarder

/*
#cgo pkg-config: libzmq
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <zmq.h>

// The size of a burst: how many messages pass before subscriptions are looked for again.
enum { BURST = 256 };

// The largest message that passes: metric.MaxFrame.
enum { MAX_FRAME = 1 << 20 };

// Why pump_run returns.
enum {
	STOP = 1 << 0,       // the forwarder is to end
	REQUESTS = 1 << 1,   // subscribers sent something
	REFUSED = 1 << 2     // a message was dropped
};

// A message of at least so many bytes is counted as long as libzmq holds it. Smaller ones are bounded by their number.
enum { METERED = 4 << 10 }; // messageBytes

// Of the frames that pass, the one that completes each so many bytes shows that its connection is moving; while the gate
// has a suspicion, every frame does. Connections are told apart by the lower bits of their descriptors.
enum { SIGN_BYTES = 16 << 10, SIGNS = 1 << 16 };

// What passes is counted here, for others to read meanwhile.
struct traffic { uint64_t messages, bytes, multipart, large, crowded, frames, taken, nameless, emptied; };

// How much waits in libzmq for subscribers. It outlives the pump when messages do.
struct meter { int64_t bytes, refs; };

// A message of a publisher, inside of the one that waits for subscribers.
struct metered { zmq_msg_t msg; struct meter *meter; };

struct pump {
	void *in, *out;
	struct meter *meter;
	int64_t most;        // what may be on the meter
	uint32_t attentive;  // the gate has a suspicion; it writes this
	uint32_t shed;       // too much waits to be moved; the gate writes this, and the pump, when it has caught up
	uint32_t unsigned_;  // bytes since the last sign
	uint8_t signs[SIGNS];
	uint8_t heavy[SIGNS]; // the messages of these are dropped while too much waits; the gate writes this
	int stop;     // a file descriptor
	int amid;     // the frame received last belongs to a multipart message and is not its end
	unsigned why; // why pump_run returned
};

static void meter_drop(struct meter *m) {
	if (__atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(m);
}

// libzmq calls this, in any thread, when the last subscriber has its copy or is gone.
static void metered_free(void *data, void *hint) {
	struct metered *h = hint;
	(void)data;
	__atomic_fetch_sub(&h->meter->bytes, zmq_msg_size(&h->msg), __ATOMIC_RELAXED);
	zmq_msg_close(&h->msg);
	meter_drop(h->meter);
	free(h);
}

// Puts a message on the meter. It returns 0 when there is no room for it.
static int metered(struct pump *p, zmq_msg_t *msg, size_t size) {
	struct meter *m = p->meter;
	if (__atomic_load_n(&m->bytes, __ATOMIC_RELAXED) + (int64_t)size > p->most)
		return 0;
	struct metered *h = malloc(sizeof *h);
	if (!h)
		return 0;
	h->meter = m;
	zmq_msg_init(&h->msg);
	zmq_msg_move(&h->msg, msg);
	if (zmq_msg_init_data(msg, zmq_msg_data(&h->msg), size, metered_free, h) < 0) {
		zmq_msg_close(&h->msg);
		free(h);
		zmq_msg_init(msg);
		return 0;
	}
	__atomic_fetch_add(&m->bytes, size, __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->refs, 1, __ATOMIC_RELAXED);
	return 1;
}

// Notes that the connection a frame came from is moving. libzmq does not tell of peers that speak a ZMTP older than 3; for them counts what came
// without a name.
static void sign(struct pump *p, struct traffic *t, zmq_msg_t *msg) {
	const char *fd = zmq_msg_gets(msg, "__fd");
	if (fd)
		__atomic_store_n(&p->signs[atoi(fd) & (SIGNS - 1)], 1, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&t->nameless, p->unsigned_, __ATOMIC_RELAXED);
	p->unsigned_ = 0;
}

// Tells whether a message is of a connection that sends too much, or of one that cannot be told from others.
static int heavy(struct pump *p, zmq_msg_t *msg) {
	const char *fd = zmq_msg_gets(msg, "__fd");
	return !fd || __atomic_load_n(&p->heavy[atoi(fd) & (SIGNS - 1)], __ATOMIC_RELAXED);
}

// Moves one burst, and returns 0 or an errno. A received message is handed on as it is; libzmq empties it on sending, and
// frees what it holds when the next one is received into it.
static int pump_burst(struct pump *p, struct traffic *t) {
	zmq_msg_t msg;
	uint64_t messages = 0, bytes = 0, multipart = 0, large = 0, crowded = 0, frames = 0, taken = 0;
	int shed = __atomic_load_n(&p->shed, __ATOMIC_RELAXED);
	int attentive = __atomic_load_n(&p->attentive, __ATOMIC_RELAXED);
	int err = 0;
	zmq_msg_init(&msg);
	for (int i = 0; i < BURST; i++) {
		if (zmq_msg_recv(&msg, p->in, ZMQ_DONTWAIT) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
				err = errno;
			else {
				__atomic_store_n(&p->shed, 0, __ATOMIC_RELAXED);
				__atomic_fetch_add(&t->emptied, 1, __ATOMIC_RELEASE);
			}
			break;
		}
		size_t size = zmq_msg_size(&msg);
		frames++;
		taken += size;
		p->unsigned_ += size + sizeof msg;
		if (attentive || p->unsigned_ >= SIGN_BYTES)
			sign(p, t, &msg);
		int more = zmq_msg_more(&msg);
		if (more || p->amid) {
			multipart += !p->amid;
			p->amid = more;
			continue;
		}
		if (size > MAX_FRAME) {
			large++;
			continue;
		}
		if ((shed && heavy(p, &msg)) || (size >= METERED && !metered(p, &msg, size))) {
			crowded++;
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
	__atomic_fetch_add(&t->taken, taken, __ATOMIC_RELAXED);
	__atomic_fetch_add(&t->frames, frames, __ATOMIC_RELEASE);
	if (multipart || large || crowded) {
		__atomic_fetch_add(&t->multipart, multipart, __ATOMIC_RELAXED);
		__atomic_fetch_add(&t->large, large, __ATOMIC_RELAXED);
		__atomic_fetch_add(&t->crowded, crowded, __ATOMIC_RELAXED);
		p->why |= REFUSED;
	}
	return err;
}

// Moves messages until something else needs attention, or, with a timeout that is not negative, once at the most after that time. Returns 0 or
// an errno.
static int pump_run(struct pump *p, struct traffic *t, long timeout) {
	zmq_pollitem_t items[] = {
		{p->in, 0, ZMQ_POLLIN, 0},
		{p->out, 0, ZMQ_POLLIN, 0},
		{NULL, p->stop, ZMQ_POLLIN, 0},
	};
	p->why = 0;
	for (int again = 1; again && !p->why; again = timeout < 0) {
		if (zmq_poll(items, sizeof items / sizeof *items, timeout) < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		if (items[0].revents) {
			int err = pump_burst(p, t);
			if (err)
				return err;
		}
		p->why |= (items[1].revents ? REQUESTS : 0) | (items[2].revents ? STOP : 0);
	}
	return 0;
}

static struct pump *pump_new(int stop, int64_t most) {
	struct pump *p = calloc(1, sizeof *p);
	if (!p || !(p->meter = calloc(1, sizeof *p->meter))) {
		free(p);
		return NULL;
	}
	p->stop = stop;
	p->most = most;
	p->meter->refs = 1;
	return p;
}

static void pump_free(struct pump *p) {
	meter_drop(p->meter);
	free(p);
}

static int64_t pump_waiting(struct pump *p) { return __atomic_load_n(&p->meter->bytes, __ATOMIC_RELAXED); }
static int pump_sign(struct pump *p, int fd) { return __atomic_exchange_n(&p->signs[fd & (SIGNS - 1)], 0, __ATOMIC_RELAXED); }
static void pump_weigh(struct pump *p, int fd, int yes) { __atomic_store_n(&p->heavy[fd & (SIGNS - 1)], yes, __ATOMIC_RELAXED); }
static void pump_shed(struct pump *p) { __atomic_store_n(&p->shed, 1, __ATOMIC_RELAXED); }
static void pump_attend(struct pump *p, int yes) { __atomic_store_n(&p->attentive, yes, __ATOMIC_RELAXED); }
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"
	"unsafe"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/metric"
)

// The C loop counts straight into the Go struct.
var _ = [1]struct{}{}[unsafe.Sizeof(traffic{})-C.sizeof_struct_traffic]

var _ = [1]struct{}{}[metric.MaxFrame-C.MAX_FRAME]

var _ = [1]struct{}{}[burst-C.BURST]

// pump moves messages from In to Out in C: one call lasts until something else needs attention, however many messages
// pass meanwhile, so that neither a call nor Go's scheduler stands between two bursts. The goroutine that owns the sockets owns it;
// the gate may ask waiting and moved, and call shed, weigh, attend and ask.
type pump struct {
	c       *C.struct_pump // C's own memory
	traffic *traffic       // C adds to it during run, anyone reads it
	asks    io.Writer      // the other end of the pipe that run returns for
}

// newPump makes a pump that drops messages when more than so many bytes wait for subscribers.
func newPump(in, out *side, stopFD uintptr, asks io.Writer, most int) (*pump, error) {
	rawIn, err1 := rawSocket(in.socket)
	rawOut, err2 := rawSocket(out.socket)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	p := &pump{c: C.pump_new(C.int(stopFD), C.int64_t(most)), traffic: new(traffic), asks: asks}
	if p.c == nil {
		return nil, errors.New("no memory")
	}
	p.c.in, p.c.out = rawIn, rawOut
	return p, nil
}

// close may be called while messages still wait for subscribers.
func (p *pump) close() { C.pump_free(p.c) }

// waiting returns how many bytes wait for subscribers, in messages that are not small. What several wait for counts once.
func (p *pump) waiting() int { return int(C.pump_waiting(p.c)) }

// moved reports whether there was a sign of the connection with that descriptor since it was last asked.
func (p *pump) moved(fd int) bool { return C.pump_sign(p.c, C.int(fd)) != 0 }

// shed makes the pump drop messages of heavy connections until it has caught up with what comes.
func (p *pump) shed() { C.pump_shed(p.c) }

// weigh says whether a connection is heavy.
func (p *pump) weigh(fd int, heavy bool) { C.pump_weigh(p.c, C.int(fd), cInt(heavy)) }

// attend says whether every frame is to be a sign of its connection; else some are.
func (p *pump) attend(closely bool) { C.pump_attend(p.c, cInt(closely)) }

// ask has the loop answer the gate when no request waits for it.
func (p *pump) ask() { p.asks.Write([]byte{requested}) } // fails when the forwarder is to end

func cInt(yes bool) C.int {
	if yes {
		return 1
	}
	return 0
}

// attention is the set of things that pump.run returns for.
type attention uint32

const (
	stop     = attention(C.STOP)
	requests = attention(C.REQUESTS)
	refused  = attention(C.REFUSED)
)

// run moves messages until something else needs attention; with a timeout that is not negative, once at the most after that time.
func (p *pump) run(timeout time.Duration) (attention, error) {
	if errno := C.pump_run(p.c, (*C.struct_traffic)(unsafe.Pointer(p.traffic)), C.long(timeout.Milliseconds())); errno != 0 {
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
