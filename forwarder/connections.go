package forwarder

import (
	order "container/list"
	"time"

	"github.com/zibrato/zibrato/internal/tcp"
)

// handshakeTimeout is when libzmq closes a connection that has not finished its handshake.
const handshakeTimeout = 2 * time.Second

// conn is a connection that libzmq has accepted.
type conn struct {
	fd      int
	id      tcp.Identity
	address string         // of the peer, without the port
	pool    *pool          // one of its side's
	place   *order.Element // in the pool
	since   time.Time      // when it was accepted

	received uint64    // bytes, as of the last look
	looked   time.Time // until when what time brings has been taken into account

	// Of a subscriber:
	level   int       // bytes that it sent, less what time has forgiven
	strikes int       // topics that were refused
	held    bool      // it waits to be let in
	muted   bool      // what it says meanwhile is dropped
	acked   uint64    // bytes that it had taken when behind was set
	behind  time.Time // since when there was always more for it than it took; zero: it takes all

	// Of a publisher:
	base    uint64 // received when all were last looked at for a backlog
	mark    uint64 // received when a frame of it last came through
	pardon  int    // bytes since then that are heartbeats
	others  uint64 // the pump's count of nameless bytes then
	suspect bool   // that it began a message and never ends it
	emptied uint64 // the pump's count when suspicion arose
	frames  uint64 // likewise
}

// conns are the connections of a side that are not cut. The gate owns them.
type conns struct {
	byFD map[int]*conn
	amid pool // amid the handshake
	done pool
}

func newConns() *conns {
	return &conns{byFD: make(map[int]*conn), amid: newPool(), done: newPool()}
}

// add takes in a connection that was accepted.
func (c *conns) add(fd int, id tcp.Identity, address string, now time.Time) *conn {
	n := &conn{fd: fd, id: id, address: address, since: now, looked: now}
	c.amid.add(n)
	c.byFD[fd] = n
	return n
}

// finish notes that the handshake of a connection is done.
func (c *conns) finish(n *conn) {
	if n.pool == &c.amid {
		c.amid.remove(n)
		c.done.add(n)
	}
}

func (c *conns) remove(fd int) {
	if n := c.byFD[fd]; n != nil {
		n.pool.remove(n)
		delete(c.byFD, fd)
	}
}

// surplus returns a connection beyond the limits, nil if there is none. It comes from the address that has most, so that no address
// keeps others out. Amid the handshake it is the oldest, so that newcomers are served whatever others hold open; of those that are
// served, the newest.
func (c *conns) surplus(l limits, now time.Time) *conn {
	for e := c.amid.Front(); e != nil && now.Sub(e.Value.(*conn).since) > 2*handshakeTimeout; e = c.amid.Front() {
		c.finish(e.Value.(*conn)) // or libzmq would have closed it
	}
	switch {
	case c.amid.Len() > l.unfinished:
		return c.amid.oldest()
	case c.done.Len() > l.connections:
		return c.done.newest()
	}
	return nil
}

// pool holds connections in the order in which they came.
type pool struct {
	*order.List
	from map[string]int // how many, by address
}

func newPool() pool { return pool{order.New(), make(map[string]int)} }

func (p *pool) add(c *conn) {
	c.pool, c.place = p, p.PushBack(c)
	p.from[c.address]++
}

func (p *pool) remove(c *conn) {
	p.Remove(c.place)
	if p.from[c.address]--; p.from[c.address] == 0 {
		delete(p.from, c.address)
	}
}

// crowd returns the address that has most.
func (p *pool) crowd() (address string) {
	most := 0
	for a, n := range p.from {
		if n > most {
			address, most = a, n
		}
	}
	return address
}

// oldest returns the oldest connection of the address that has most. The pool is not empty.
func (p *pool) oldest() *conn {
	e := p.Front()
	for address := p.crowd(); e.Value.(*conn).address != address; e = e.Next() {
	}
	return e.Value.(*conn)
}

// newest returns the newest of them. The pool is not empty.
func (p *pool) newest() *conn {
	e := p.Back()
	for address := p.crowd(); e.Value.(*conn).address != address; e = e.Prev() {
	}
	return e.Value.(*conn)
}
