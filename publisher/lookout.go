package publisher

import (
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

const (
	// lookAfter is how long a turn may last before the connection is looked at, and then again each time that long.
	lookAfter = 3 * time.Millisecond

	// flood is how many bytes may come in one turn: several times as many as all subscriptions that a publisher remembers take.
	flood = 4 * maxTopicBytes
)

// lookout ends a connection that floods. libzmq takes in whatever subscriptions have come, in any call that the socket's owner makes, and does not
// return before there are none left: who sends them faster than libzmq can remember them would hold the owner fast, and let the process
// grow without end. So while a turn of the owner lasts, which is a few microseconds as a rule, the kernel is asked how much came.
type lookout struct {
	system eye
	timer  *time.Timer

	mu   sync.Mutex
	open bool         // a turn lasts
	did  bool         // the connection was cut in it
	fd   int          // of the connection
	id   tcp.Identity // what it was when it was first looked at in this turn; 0: it was not yet
	had  uint64       // bytes that had come then
}

// eye is what a lookout asks of the operating system.
type eye interface {
	// look tells who a connection is and how much came on it, and false when it is not one to the forwarder.
	look(fd int) (id tcp.Identity, received uint64, ok bool)
	// cut ends it, if it is still that one.
	cut(fd int, id tcp.Identity)
}

func newLookout(system eye) *lookout {
	l := &lookout{system: system}
	l.timer = time.AfterFunc(time.Hour, l.look)
	l.timer.Stop()
	return l
}

// begin says that a turn begins, and which connection there is.
func (l *lookout) begin(fd int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open, l.did, l.fd, l.id = true, false, fd, 0
	l.timer.Reset(lookAfter)
}

// end says that it has ended, and reports whether the connection was cut.
func (l *lookout) end() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = false
	l.timer.Stop()
	return l.did
}

// look is called by the timer.
func (l *lookout) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open {
		return
	}
	id, received, ok := l.system.look(l.fd)
	switch {
	case !ok:
		return
	case id != l.id:
		l.id, l.had = id, received
	case received-l.had > flood:
		l.system.cut(l.fd, id)
		l.did = true
		return
	}
	l.timer.Reset(lookAfter)
}
