package publisher

import (
	"sync"
	"time"

	"github.com/zibrato/zibrato/metric"
)

// queue holds the messages that wait to be sent, up to a bound of the memory that they take. The drain puts, the socket's goroutine takes.
type queue struct {
	mu       sync.Mutex
	messages []message
	aside    []message     // held back until somebody wants them again; older than those of the same topic in messages
	bytes    int           // in both
	bound    int           // of these, and what messages take besides
	spare    [][]byte      // memory of messages that were sent
	empty    chan struct{} // closed and forgotten once no message is left but those held back; nil while nobody waits for that
	ready    chan struct{} // has room for one token: there may be something
	patience time.Duration // how long put waits where there is no room, and all messages are held back; 0: it does not wait
	room     chan struct{} // closed and forgotten when a message leaves, or patience ends; nil while nobody waits for that
}

// message is one that waits to be sent.
type message struct {
	form    string // what its topic begins with
	level   metric.Level
	bytes   []byte
	samples int64         // whose details it has
	uptime  time.Duration // the recorder's, as it stands in the message; 0: it does not
	queued  time.Time
}

// perMessage is about what a message takes besides its bytes. The only one in the queue may do without, so that the largest fits.
const perMessage = 192

// fate is what becomes of a message.
type fate uint8

const (
	never fate = iota // nobody wants it
	later             // who wanted it was cut off, and is expected back; see Config.Hold
	now
)

func newQueue(bound int) *queue { return &queue{bound: bound, ready: make(chan struct{}, 1)} }

// put appends a message, with the bytes that encode appends to its argument. It reports false when there is no room, nor any made in time.
func (q *queue) put(m message, encode func([]byte) []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	var buf []byte
	if n := len(q.spare); n > 0 {
		buf, q.spare = q.spare[n-1], q.spare[:n-1]
	}
	m.bytes = encode(buf[:0])
	for q.bytes+len(m.bytes)+(len(q.messages)+len(q.aside))*perMessage > q.bound {
		if !q.awaitRoom() {
			q.keep(m.bytes)
			return false
		}
	}
	q.messages = append(q.messages, m)
	q.bytes += len(m.bytes)
	q.signal()
	return true
}

// beWilling lets put wait from now on where there is no room: as long as there are messages that are not held back, since these leave when the
// other side or this machine comes to it; and for so long when all are. 0 ends that, for those that wait already, too.
func (q *queue) beWilling(patience time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.patience = patience
	if patience == 0 {
		q.wake()
	}
}

// awaitRoom waits for a message to leave, and reports whether there may be room, now or later. The caller holds mu.
func (q *queue) awaitRoom() bool {
	if q.patience == 0 {
		return false
	}
	if q.room == nil {
		q.room = make(chan struct{})
	}
	room, late := q.room, time.NewTimer(q.patience)
	defer late.Stop()
	q.mu.Unlock()
	left := false
	select {
	case <-room:
		left = true
	case <-late.C:
	}
	q.mu.Lock()
	if !left && len(q.messages) == 0 {
		q.patience = 0
	}
	return q.patience > 0
}

// wake lets those go on that wait for room. The caller holds mu.
func (q *queue) wake() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// first returns the oldest message that is not held back, if there is one. It stays in the queue until drop or holdBack.
func (q *queue) first() (m message, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.messages) == 0 {
		return m, false
	}
	return q.messages[0], true
}

// drop removes the oldest message, and returns of how many samples it has details.
func (q *queue) drop() (samples int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.shift()
	q.forget(m)
	return m.samples
}

// holdBack takes the oldest message out of turn, until recall.
func (q *queue) holdBack() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.aside = append(q.aside, q.shift())
}

// shift takes the oldest message off the queue. The caller holds mu.
func (q *queue) shift() message {
	m := q.messages[0]
	q.messages[0] = message{}
	q.messages = q.messages[1:]
	if len(q.messages) == 0 {
		q.messages = nil // the slice's front is never reused
		if q.empty != nil {
			close(q.empty)
			q.empty = nil
		}
	}
	return m
}

// forget gives back the room of a message that left the queue. The caller holds mu.
func (q *queue) forget(m message) {
	q.bytes -= len(m.bytes)
	q.keep(m.bytes)
	q.wake()
}

// recall decides anew what becomes of the messages that are held back. Those to be sent go first, as the older ones. It returns how many were to be
// dropped, and of how many samples these have details.
func (q *queue) recall(decide func(message) fate) (dropped int, samples int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var first, still []message
	for _, m := range q.aside {
		switch decide(m) {
		case now:
			first = append(first, m)
		case later:
			still = append(still, m)
		default:
			dropped++
			samples += m.samples
			q.forget(m)
		}
	}
	q.aside = still
	if len(first) > 0 {
		q.messages = append(first, q.messages...)
		q.signal()
	}
	return dropped, samples
}

// keep keeps a few buffers for reuse.
func (q *queue) keep(buf []byte) {
	if len(q.spare) < 16 && cap(buf) <= 256<<10 {
		q.spare = append(q.spare, buf)
	}
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// drained returns a channel that is closed once no message is left but those held back.
func (q *queue) drained() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.messages) == 0 {
		return closed
	}
	if q.empty == nil {
		q.empty = make(chan struct{})
	}
	return q.empty
}

// len returns how many messages wait, those held back included, and their bytes.
func (q *queue) len() (messages, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages) + len(q.aside), q.bytes
}

// stale is how long a message may wait before what it says of the recorder's age is set right.
const stale = 10 * time.Millisecond

// restamp lets the message say how old the recorder is now: receivers work out from that when its series were born.
func (m message) restamp() {
	if late := time.Since(m.queued); m.uptime > 0 && late > stale {
		metric.SetUptime(m.bytes, m.uptime+late)
	}
}
