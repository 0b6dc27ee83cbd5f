package forwarder

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func few(connections, unfinished int) func(*limits) {
	return func(l *limits) { l.connections, l.unfinished = connections, unfinished }
}

func TestTooManyAmidTheHandshakeCostTheOldestOfTheCrowd(t *testing.T) {
	for side := range 2 {
		s := newStage(few(10, 4))
		honest := s.connect(side, there)
		var crowd []int
		for range 6 {
			crowd = append(crowd, s.connect(side, here))
		}
		s.stands(t, append(crowd[3:], honest)...)
		if n := s.refused(RefusedConnections); n != 3 {
			t.Errorf("%d refused, want 3", n)
		}
	}
}

func TestTooManyThatAreServedCostTheNewestOfTheCrowd(t *testing.T) {
	for side := range 2 {
		s := newStage(few(4, 10))
		var crowd []int
		for range 3 {
			crowd = append(crowd, s.greet(side, here))
		}
		honest := s.greet(side, there)
		s.greet(side, here)
		late := s.greet(side, there)
		s.stands(t, crowd[0], crowd[1], honest, late)
		if n := s.refused(RefusedConnections); n != 2 {
			t.Errorf("%d refused, want 2", n)
		}
	}
}

func TestSidesHaveRoomOfTheirOwn(t *testing.T) {
	s := newStage(few(2, 2))
	s.stands(t, s.greet(in, here), s.greet(in, here), s.greet(out, here), s.greet(out, here))
}

// Of a peer that is local the kernel tells no bytes, and of what libzmq did not close the handshake is done.
func TestTheHandshakeIsTakenForDoneWhenLibzmqWouldHaveClosedIt(t *testing.T) {
	s := newStage(few(10, 1))
	first := s.connect(in, here)
	s.pass(2*handshakeTimeout + time.Nanosecond)
	second := s.connect(in, here)
	s.stands(t, first, second)
	if s.conns[in].amid.Len() != 1 || s.conns[in].done.Len() != 1 {
		t.Errorf("%d amid, %d done", s.conns[in].amid.Len(), s.conns[in].done.Len())
	}
}

func TestOneOfWhichNoBytesAreKnownIsServed(t *testing.T) {
	s := newStage()
	fd := s.connect(out, "local")
	s.table.open[fd].mute = true
	s.send(out, fd, 1<<30)
	s.stands(t, fd)
	if s.conns[out].done.Len() != 1 {
		t.Error("it is taken to be amid the handshake")
	}
}

func TestAPoolFindsTheCrowdAndItsEnds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	p := newPool()
	var model []*conn // in the order in which they came
	for step := range 5000 {
		if rnd.IntN(100) < 52 || len(model) == 0 {
			c := &conn{fd: step, address: fmt.Sprint(rnd.IntN(5))}
			p.add(c)
			model = append(model, c)
		} else {
			i := rnd.IntN(len(model))
			p.remove(model[i])
			model = append(model[:i], model[i+1:]...)
		}
		counts := make(map[string]int)
		most := 0
		for _, c := range model {
			counts[c.address]++
			most = max(most, counts[c.address])
		}
		if len(p.from) != len(counts) || p.Len() != len(model) {
			t.Fatalf("step %d: %d of %d addresses, want %d of %d", step, p.Len(), len(p.from), len(model), len(counts))
		}
		if len(model) == 0 {
			continue
		}
		oldest, newest := p.oldest(), p.newest()
		if counts[oldest.address] != most || counts[newest.address] != most {
			t.Fatalf("step %d: the crowd has %d and %d, want %d", step, counts[oldest.address], counts[newest.address], most)
		}
		for _, c := range model {
			if c.address == oldest.address && c.fd < oldest.fd || c.address == newest.address && c.fd > newest.fd {
				t.Fatalf("step %d: %d is older than %d, or newer than %d", step, c.fd, oldest.fd, newest.fd)
			}
		}
	}
}
