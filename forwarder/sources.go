package forwarder

import (
	"net/netip"
	"time"
)

const (
	// grace is how many bytes of a subscriber are never held against the address that it comes from: what a few topics take.
	grace = 1 << 10

	// repaid is how many bytes of what an address owes are forgiven per second.
	repaid = 4 << 10

	// So many subscribers of one address are let in at once, and per second after that; if it owes too much, one at a time, and so many
	// per second. The others lose the connection, and come again.
	atOnce          = 8
	perSecond       = 100
	perSecondInDebt = 20

	maxSources = 4096
)

// sources remember of each address how much its subscribers have sent beyond what subscribers need, for some time after they are gone.
// The gate owns them.
type sources struct {
	limit int // what an address may owe
	of    map[string]*source
}

type source struct {
	owes  int
	rest  time.Duration // that has not bought a byte yet
	room  float64       // for so many subscribers
	since time.Time     // when both were right
}

func newSources(limit int) *sources { return &sources{limit: limit, of: make(map[string]*source)} }

// owe notes bytes that came from an address, and reports whether it owes too much.
func (s *sources) owe(address string, bytes int, now time.Time) bool {
	src := s.at(address, now)
	src.owes += bytes
	return src.owes > s.limit
}

// admit reports whether another subscriber from an address may come in. While the forwarder is busy with what floods have left, none may
// from an address that owes too much.
func (s *sources) admit(address string, busy bool, now time.Time) bool {
	src := s.at(address, now)
	if src.room < 1 || busy && src.owes > s.limit {
		return false
	}
	src.room--
	return true
}

// at returns what is known of an address now.
func (s *sources) at(address string, now time.Time) *source {
	src := s.of[network(address)]
	if src == nil {
		s.makeRoom(now)
		src = &source{since: now, room: atOnce}
		s.of[network(address)] = src
	}
	s.pass(src, now)
	return src
}

// pass lets time pass for an address.
func (s *sources) pass(src *source, now time.Time) {
	passed := now.Sub(src.since)
	src.since = now
	most, rate := float64(atOnce), float64(perSecond)
	if src.owes > s.limit {
		most, rate = 1, perSecondInDebt
	}
	src.room = min(most, src.room+passed.Seconds()*rate)
	src.owed(passed)
}

// owed forgives what is forgiven in a time.
func (s *source) owed(passed time.Duration) {
	const one = time.Second / repaid
	s.rest += passed
	s.owes = max(0, s.owes-int(s.rest/one))
	s.rest %= one
}

// makeRoom forgets addresses that owe nothing, and if all do, whichever.
func (s *sources) makeRoom(now time.Time) {
	if len(s.of) < maxSources {
		return
	}
	for address, src := range s.of {
		if s.pass(src, now); src.owes == 0 {
			delete(s.of, address)
		}
	}
	for address := range s.of {
		if len(s.of) < maxSources {
			return
		}
		delete(s.of, address)
	}
}

// network returns what one who has an address has as a rule: all of an IPv6 network of 64 bits.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Is4() {
		return address
	}
	p, _ := a.WithZone("").Prefix(64)
	return p.String()
}
