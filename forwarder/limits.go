package forwarder

import (
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
	"github.com/zibrato/zibrato/metric"
)

// limits are what connections may take.
type limits struct {
	connections int // of one side, besides those amid the handshake
	unfinished  int // of one side, amid the handshake
	handshake   int // bytes of a peer of which the handshake consists at least

	requests      int // bytes of one subscriber, beyond what time forgives
	requestsInAll int
	strikes       int // refused topics of one subscriber
	strikesInAll  int
	aftermath     int // bytes of floods that are not seen to

	incomplete int // bytes of a publisher of which no message came
	queue      int // bytes that wait for subscribers
}

const (
	maxUnfinished = 4096

	// What a peer says before it is served takes so many bytes at least. With keys it is the part before the forwarder's answer: who
	// gets that right knows the forwarder's key.
	plainHandshake  = 64 + 26
	secureHandshake = 64 + 202

	// forgiven is how many bytes of a subscriber are forgiven per second: more than heartbeats take.
	forgiven = 1 << 10

	// heartbeats is how many bytes of a publisher are taken for heartbeats per second, and maxPardon at the most.
	heartbeats = 128
	maxPardon  = 4 << 20

	// frameMemory is what libzmq needs for a frame besides its content.
	frameMemory = 128

	// maxStrikes is for how many refused topics a subscriber may make libzmq find room: more than any needs.
	maxStrikes = 512

	// A request for the longest topic, with all that CURVE adds.
	requestBytes = MaxTopicLen + 64

	// perPublisher is what each is granted of incomplete messages when many have them: a full batch.
	perPublisher = 64 << 10

	// stalledAfter is how long a subscriber may take nothing while memory is short.
	stalledAfter = 20 * time.Millisecond
)

// limits returns what connections may take in a process that may open so many more files.
func (c Config) limits(filesLeft int) limits {
	requests := 8<<10 + c.MaxTopics*requestBytes
	handshake := plainHandshake
	if !c.Key.IsZero() {
		handshake = secureHandshake
	}
	files := max(1, filesLeft*3/16) // for each kind; the rest is for the process
	return limits{
		connections:   min(c.MaxConnections, files),
		unfinished:    min(maxUnfinished, files),
		handshake:     handshake,
		requests:      requests,
		requestsInAll: 2 * requests,
		strikes:       maxStrikes,
		strikesInAll:  2 * maxStrikes,
		aftermath:     8 * requests,
		incomplete:    maxMessage + 128<<10,
		queue:         c.QueueBytes,
	}
}

// maxMessage is the largest that libzmq takes from a publisher: whoever sends more loses the connection. What is larger than
// metric.MaxFrame is taken, counted and dropped.
const maxMessage = metric.MaxFrame + 64<<10

// lookAtSubscribers examines those that sent something.
func (g *gate) lookAtSubscribers(now time.Time) {
	g.system.active(out, func(fd int) { g.lookAt(out, fd, now) })
	g.lookAtRequests(now)
}

// lookAtPublishers examines those that sent something, and memory. It reports whether another look is due even if nothing comes.
func (g *gate) lookAtPublishers(now time.Time) (again bool) {
	emptied, taken := g.traffic.emptied.Load(), g.traffic.taken.Load() // before what is compared with it
	any := false
	g.system.active(in, func(fd int) {
		any = true
		g.lookAt(in, fd, now)
	})
	g.lookAtBacklog(emptied, taken, now)
	suspicion := g.lookAtMessages(now)
	crowd := g.lookAtQueues(now)
	return any || suspicion || crowd
}

func (g *gate) lookAt(i, fd int, now time.Time) {
	conns := g.conns[i]
	c := conns.byFD[fd]
	if c == nil {
		return
	}
	f, ok := g.system.flow(fd)
	if !ok || f.Received >= uint64(g.limits.handshake) {
		conns.finish(c)
	}
	g.cutSurplus(i, now)
	switch {
	case !ok || conns.byFD[fd] != c:
	case i == in:
		g.lookAtPublisher(c, f, now)
	default:
		g.lookAtSubscriber(c, f, now)
	}
}

func (g *gate) lookAtSubscriber(c *conn, f tcp.Flow, now time.Time) {
	c.forgive(now)
	sent := int(f.Received - max(c.received, min(f.Received, uint64(g.limits.handshake))))
	c.received = f.Received
	c.level += sent
	beyond := min(c.level-grace, sent)
	if inDebt := g.sources.owe(c.address, max(0, beyond), now); c.level > g.limits.requests || inDebt && c.level > grace {
		g.cut(out, c, RefusedFlood, now)
	} else if c.held {
		g.distrust(c, now)
	}
}

func (c *conn) forgive(now time.Time) {
	c.level = max(0, c.level-accrued(&c.looked, now, forgiven))
}

// lookAtRequests cuts the subscribers whose topics are refused too often, and while there is too much of all together, those that sent most.
func (g *gate) lookAtRequests(now time.Time) {
	g.mu.Lock()
	for fd, n := range g.strikes {
		if c := g.conns[out].byFD[fd]; c != nil {
			c.strikes += n
		}
	}
	clear(g.strikes)
	g.mu.Unlock()
	for {
		var bytes, strikes int
		var loudest, worst *conn
		for _, c := range g.conns[out].byFD {
			c.forgive(now)
			bytes += c.level
			strikes += c.strikes
			if loudest == nil || c.level > loudest.level {
				loudest = c
			}
			if worst == nil || c.strikes > worst.strikes {
				worst = c
			}
		}
		switch {
		case worst != nil && (worst.strikes > g.limits.strikes || strikes > g.limits.strikesInAll):
			g.cut(out, worst, RefusedFlood, now)
		case bytes > g.limits.requestsInAll:
			g.cut(out, loudest, RefusedFlood, now)
		default:
			return
		}
	}
}

func (g *gate) lookAtPublisher(c *conn, f tcp.Flow, now time.Time) {
	read := max(c.received, f.Received-min(f.Received, f.Unread))
	g.came += read - c.received
	c.received = read
	if g.pump.moved(c.fd) {
		g.move(c)
	}
	c.pardon += accrued(&c.looked, now, heartbeats)
}

// lookAtBacklog has the pump drop what the publishers that send most have sent, until it has caught up, when too much waits for it. The kernel
// does not tell of all bytes that libzmq reads at once, so what seems to have come since may be older, and is believed only after all have
// been looked at anew.
func (g *gate) lookAtBacklog(emptied, taken uint64, now time.Time) {
	if emptied != g.emptied {
		g.emptied, g.taken, g.came, g.doubted = emptied, taken, 0, false
	}
	if g.came <= taken-g.taken || g.inMemory(g.came-(taken-g.taken)) <= g.limits.queue/2 {
		return
	}
	conns := g.conns[in].byFD
	if g.doubted {
		for _, c := range conns {
			g.pump.weigh(c.fd, (c.received-c.base)*uint64(2*len(conns)) > g.came)
		}
		g.pump.shed()
		return
	}
	for _, c := range conns {
		if f, ok := g.system.flow(c.fd); ok {
			g.lookAtPublisher(c, f, now)
		}
		c.base = c.received
	}
	g.taken, g.came, g.doubted = taken, 0, true
}

// inMemory returns about how much memory bytes of publishers take in libzmq, going by the messages that came so far. Before the first of them, which
// may be large, it is no more than they are.
func (g *gate) inMemory(bytes uint64) int {
	frames := g.traffic.frames.Load()
	if frames == 0 {
		return int(bytes)
	}
	return int(bytes + bytes/max(1, g.traffic.taken.Load()/frames)*frameMemory)
}

// lookAtMessages cuts the publishers that begin messages and never end them, of which libzmq says nothing and keeps every frame. Whoever has
// sent much, and nothing of which came through, is suspected; if nothing comes through after the pump has had time to
// take all that is complete, it is cut. It reports whether there is a suspicion.
func (g *gate) lookAtMessages(now time.Time) (suspicion bool) {
	conns := g.conns[in].byFD
	sum := 0
	var largest *conn
	for _, c := range conns {
		sum += g.held(c)
		if largest == nil || g.held(c) > g.held(largest) {
			largest = c
		}
	}
	crowd := sum > 2*g.limits.incomplete+len(conns)*perPublisher // two may be amid the largest message
	emptied, frames := g.traffic.emptied.Load(), g.traffic.frames.Load()
	for _, c := range conns {
		switch {
		case g.held(c) <= g.limits.incomplete && (!crowd || c != largest):
			c.suspect = false
		case !c.suspect:
			c.suspect, c.emptied, c.frames = true, emptied, frames
		case g.pump.moved(c.fd):
			g.move(c)
		case emptied >= c.emptied+2 || frames >= c.frames+uint64(4*burst+2*len(conns)):
			g.cut(in, c, RefusedEndless, now)
		}
		suspicion = suspicion || c.suspect
	}
	g.pump.attend(suspicion)
	return suspicion
}

// move notes that a frame of a publisher came through.
func (g *gate) move(c *conn) {
	c.mark, c.pardon, c.others, c.suspect = c.received, 0, g.traffic.nameless.Load(), false
}

// held is how much libzmq has of a publisher since a frame of it last came through, less what heartbeats take, and what may have been its.
func (g *gate) held(c *conn) int {
	return max(0, int(c.received-c.mark)-min(c.pardon, maxPardon)-int(g.traffic.nameless.Load()-c.others))
}

// lookAtQueues cuts the subscribers for which so much waits that there is no room for what others want: those that take nothing, and
// else, if it is not all of them that are slow, the slowest. It reports whether memory is short.
func (g *gate) lookAtQueues(now time.Time) (short bool) {
	conns := g.conns[out].byFD
	if g.pump.waiting() <= g.limits.queue {
		return false
	}
	var slowest *conn
	var least, most uint64
	keepUp := 0
	for _, c := range conns {
		f, ok := g.system.flow(c.fd)
		if !ok {
			continue
		}
		took := f.Acked - c.acked
		switch {
		case f.Unsent == 0:
			c.behind = time.Time{}
			keepUp++
		case c.behind.IsZero() || now.Sub(c.behind) > 10*stalledAfter: // not seen, or not lately
			c.behind, c.acked = now, f.Acked
		case now.Sub(c.behind) < stalledAfter:
		case took == 0:
			g.cut(out, c, RefusedSlow, now)
		default:
			if slowest == nil || took < least {
				slowest, least = c, took
			}
			most = max(most, took)
			c.behind, c.acked = now, f.Acked
		}
	}
	if slowest != nil && (keepUp > 0 || least < most/2) {
		g.cut(out, slowest, RefusedSlow, now)
	}
	return true
}
