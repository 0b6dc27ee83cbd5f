package forwarder

import (
	"slices"
	"sync"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

// gate decides about the connections of both sides: it lets subscribers in, and cuts those that take more than their share. What it has to
// know it is told by a gatekeeper, whose goroutine owns it, and asks of a system and a mover. It takes no part in moving messages.
type gate struct {
	limits   limits
	system   system
	pump     mover
	traffic  *traffic // the pump's
	refusals *refusals

	conns   [2]*conns // of In and Out
	sources *sources  // of subscribers
	waiting []*conn   // subscribers that wait to be let in, in the order in which they came
	after   *aftermath

	emptied uint64 // the pump's count of when nothing waited for it, at the last look that saw it changed
	taken   uint64 // the pump's count of bytes then
	came    uint64 // bytes that libzmq has read from publishers since
	doubted bool   // whether all were looked at since, to be sure of that

	mu      sync.Mutex
	strikes map[int]int // refused topics by descriptor, since the last look; relay adds to them
}

// The sides.
const (
	in  = 0
	out = 1
)

// system is what the gate asks of the operating system. A descriptor may stand for another file by now.
type system interface {
	// identify tells who is at the other end of what was accepted at an endpoint, or false when that is closed again already, or of a kind that
	// cannot be told apart.
	identify(fd int, bound string) (tcp.Identity, string, bool)
	// flow tells what has passed on a TCP connection, and false of what is none.
	flow(fd int) (tcp.Flow, bool)
	// watch makes active tell of a connection of a side, until it is closed.
	watch(side, fd int)
	// active calls f for each watched connection of a side on which bytes came since it was last called.
	active(side int, f func(fd int))
	// cut ends a connection.
	cut(fd int, id tcp.Identity)
	// hold keeps what comes on a connection from being read, or lets it be read again.
	hold(fd int, id tcp.Identity, yes bool)
	// mute keeps what comes on a connection from being received, however much it is, or lets it be received again. Either takes the peer time.
	mute(fd int, id tcp.Identity, yes bool)
}

// mover is what the gate asks of the pump.
type mover interface {
	// waiting returns how many bytes wait for subscribers.
	waiting() int
	// moved reports whether there was a sign of a connection since it was last asked.
	moved(fd int) bool
	// weigh says whether a connection is heavy.
	weigh(fd int, heavy bool)
	// shed drops messages of heavy connections until all that came is moved.
	shed()
	// attend says whether every frame is to be a sign of its connection; else some are.
	attend(closely bool)
	// ask has the loop call answer when no request of a subscriber waits for it.
	ask()
}

func newGate(l limits, s system, p mover, t *traffic, r *refusals) *gate {
	return &gate{
		limits: l, system: s, pump: p, traffic: t, refusals: r,
		conns: [2]*conns{newConns(), newConns()}, sources: newSources(l.requestsInAll), after: new(aftermath), strikes: make(map[int]int),
	}
}

// forget is for after all connections of a side were closed.
func (g *gate) forget(i int) { g.conns[i] = newConns() }

// accept takes in a connection that was accepted at an endpoint.
func (g *gate) accept(i, fd int, bound string, now time.Time) {
	g.lose(i, fd, now)
	id, address, ok := g.system.identify(fd, bound)
	if !ok {
		return
	}
	c := g.conns[i].add(fd, id, address, now)
	c.others = g.traffic.nameless.Load()
	g.system.watch(i, fd)
	if i == out && !g.admits(c, g.busy(now), now) {
		g.system.hold(fd, c.id, true)
		c.held = true
		g.distrust(c, now)
		g.waiting = append(g.waiting, c)
	}
	g.cutSurplus(i, now)
}

// pending reports whether admit is to be called.
func (g *gate) pending() bool { return len(g.waiting) > 0 || g.after.open() }

// admit lets in those who wait, as far as they may come now.
func (g *gate) admit(now time.Time) {
	busy := g.busy(now)
	g.waiting = slices.DeleteFunc(g.waiting, func(c *conn) bool {
		if g.conns[out].byFD[c.fd] != c { // it is gone
			return true
		}
		if !g.admits(c, busy, now) {
			g.distrust(c, now)
			// Of one that libzmq closes while it is muted, the kernel keeps what is left for minutes. Whoever means well comes again.
			if c.muted && now.Sub(c.since) >= handshakeTimeout/2 {
				g.cut(out, c, RefusedFlood, now)
				return true
			}
			return false
		}
		if c.muted {
			g.system.mute(c.fd, c.id, false)
		}
		g.system.hold(c.fd, c.id, false)
		c.held, c.muted = false, false
		return true
	})
}

// cutSurplus cuts one connection if there is one too many.
func (g *gate) cutSurplus(i int, now time.Time) {
	if surplus := g.conns[i].surplus(g.limits, now); surplus != nil {
		g.cut(i, surplus, RefusedConnections, now)
	}
}

// cut ends a connection that is at fault.
func (g *gate) cut(i int, c *conn, why Refusal, now time.Time) {
	g.system.cut(c.fd, c.id)
	g.lose(i, c.fd, now)
	g.refusals.add(why, c.address)
}

// lose notes that the connection that had a descriptor is no more, if there was one.
func (g *gate) lose(i, fd int, now time.Time) {
	if c := g.conns[i].byFD[fd]; c != nil && (c.level > grace || c.strikes > 0) {
		g.after.add(c.level, now)
	}
	g.conns[i].remove(fd)
}

// busy reports whether the forwarder may still be at what floods have left behind.
func (g *gate) busy(now time.Time) bool { return g.after.lasts(g.pump.ask, now) }

// admits reports whether a subscriber may come in now. While the forwarder is busy, none may from an address that owes too much; and none at
// all while floods have left behind more than a few could: so many addresses can flood it that none of them owes.
func (g *gate) admits(c *conn, busy bool, now time.Time) bool {
	return !g.flooded() && g.sources.admit(c.address, busy, now)
}

func (g *gate) flooded() bool { return g.after.bytes > g.limits.aftermath }

// distrust mutes one who waits during a flood, or may be of one, if it has come so far that it is not held: before it was, or by saying more
// at once than it should.
func (g *gate) distrust(c *conn, now time.Time) {
	if c.muted || !g.flooded() && !g.sources.owes(c.address, now) {
		return
	}
	if f, ok := g.system.flow(c.fd); ok && f.Received >= uint64(g.limits.handshake) {
		c.muted = true
		g.system.mute(c.fd, c.id, true)
	}
}

// answer says that no request of a subscriber waits for the loop, which was asked. Any goroutine may call it.
func (g *gate) answer() { g.after.answered.Inc() }

// strike notes a refused topic of a subscriber. Any goroutine may call it.
func (g *gate) strike(fd int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strikes[fd]++
}
