package publisher

import (
	"sync"
	"time"
)

// queue holds the messages that wait to be sent, up to a bound in bytes. The drain puts, the socket's goroutine takes.
type queue struct {
	mu       sync.Mutex
	messages []message
	bytes    int
	bound    int
	spare    [][]byte      // memory of messages that were sent
	empty    chan struct{} // closed and forgotten once the queue is empty; nil while nobody waits for that
	ready    chan struct{} // has room for one token: there may be something
	patience time.Duration // how long put waits for a message to leave where there is no room
	room     chan struct{} // closed and forgotten when one leaves; nil while nobody waits for that
}

// message is one that waits to be sent.
type message struct {
	bytes   []byte
	samples int64 // whose details it has
}

func newQueue(bound int) *queue { return &queue{bound: bound, ready: make(chan struct{}, 1)} }

// put appends the message that encode appends to its argument. It reports false when there is no room, nor any made in time.
func (q *queue) put(samples int64, encode func([]byte) []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	var buf []byte
	if n := len(q.spare); n > 0 {
		buf, q.spare = q.spare[n-1], q.spare[:n-1]
	}
	buf = encode(buf[:0])
	for q.bytes+len(buf) > q.bound {
		if !q.awaitRoom() {
			q.keep(buf)
			return false
		}
	}
	q.messages = append(q.messages, message{buf, samples})
	q.bytes += len(buf)
	q.signal()
	return true
}

// beWilling says for how long from now on put waits for a message to leave. Where none left in that time, it waits no more.
func (q *queue) beWilling(patience time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.patience = patience
}

// awaitRoom reports whether a message left. The caller holds mu.
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
	defer q.mu.Lock()
	select {
	case <-room:
		return true
	case <-late.C:
	}
	q.beWilling(0)
	return false
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// first returns the oldest message, nil when there is none. It stays in the queue until drop.
func (q *queue) first() []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.messages) == 0 {
		return nil
	}
	return q.messages[0].bytes
}

// drop removes the oldest message, and returns of how many samples it has details.
func (q *queue) drop() (samples int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := q.messages[0]
	q.messages[0] = message{}
	q.messages = q.messages[1:]
	q.bytes -= len(m.bytes)
	q.keep(m.bytes)
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	if len(q.messages) == 0 {
		q.messages = nil // the slice's front is never reused
		if q.empty != nil {
			close(q.empty)
			q.empty = nil
		}
	}
	return m.samples
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

// drained returns a channel that is closed once the queue is empty.
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

func (q *queue) len() (messages, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages), q.bytes
}
