package publisher

import (
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

const (
	// lookAfter is how long a turn may last before the connection is looked at, and then again each time that long.
	lookAfter = time.Millisecond

	// flood is how many bytes may come at once: several times as many as all subscriptions that a publisher remembers take. As many are forgiven each
	// second, more than any number of programs that come and go make a forwarder say.
	flood = 4 * maxTopicBytes
)

// lookout ends a connection that floods. libzmq takes in whatever subscriptions have come, in any call that the socket's owner makes, and does not
// return before there are none left: who sends them faster than libzmq can remember them would hold the owner fast, and let the process
// grow without end. So while a turn of the owner lasts, which is a few microseconds as a rule, the kernel is asked how much came.
type lookout struct {
	system eye
	timer  *time.Timer

	mu    sync.Mutex
	open  bool         // a turn lasts
	did   bool         // the connection was cut in it
	fd    int          // of the connection
	id    tcp.Identity // what it was when it was last looked at; 0: it never was
	had   uint64       // bytes that had come then
	at    time.Time    // when that was
	level float64      // bytes that are not forgiven yet
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
	l.open, l.did, l.fd = true, false, fd
	if now := time.Now(); now.Sub(l.at) >= time.Second { // so that a long turn knows how much had come
		l.measure(now)
	}
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
	switch {
	case !l.open || !l.measure(time.Now()):
	case l.level > flood:
		l.system.cut(l.fd, l.id)
		l.did = true
	default:
		l.timer.Reset(lookAfter)
	}
}

// measure takes in how much has come, and reports whether there is a connection. The caller holds the mutex.
func (l *lookout) measure(now time.Time) bool {
	id, received, ok := l.system.look(l.fd)
	if !ok {
		return false
	}
	if id == l.id {
		l.level = max(0, l.level+float64(received-l.had)-now.Sub(l.at).Seconds()*flood)
	} else {
		l.id, l.level = id, 0
	}
	l.had, l.at = received, now
	return true
}
