package forwarder

import (
	"net/netip"
	"time"
)

const (
	// grace is how many bytes of a subscriber are never held against it or the address that it comes from: so much a backend sends that wants
	// every level.
	grace = 4 << 10

	// repaid is how many bytes of what an address owes are forgiven per second.
	repaid = 4 << 10

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
	since time.Time // when owes was right
}

func newSources(limit int) *sources { return &sources{limit: limit, of: make(map[string]*source)} }

// owe notes bytes that came from an address, and reports whether it owes too much.
func (s *sources) owe(address string, bytes int, now time.Time) bool {
	src := s.of[network(address)]
	if src == nil {
		if bytes <= 0 {
			return false
		}
		s.makeRoom(now)
		src = &source{since: now}
		s.of[network(address)] = src
	}
	src.repay(now)
	src.owes += bytes
	return src.owes > s.limit
}

func (s *source) repay(now time.Time) {
	s.owes = max(0, s.owes-int(now.Sub(s.since)*repaid/time.Second))
	s.since = now
}

// makeRoom forgets addresses that owe nothing, and if all do, whichever.
func (s *sources) makeRoom(now time.Time) {
	if len(s.of) < maxSources {
		return
	}
	for address, src := range s.of {
		if src.repay(now); src.owes == 0 {
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
