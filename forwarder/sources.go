package forwarder

import (
	"net/netip"
	"time"
)

const (
	// grace is how many bytes of a subscriber are never held against it or the address that it comes from: so much a backend sends that wants
	// every level.
	grace = 2 << 10

	// repaid is how many bytes of what an address owes are forgiven per second.
	repaid = 4 << 10

	// So many subscribers of one address are let in at once, and per second after that; the others wait. What each of a flood leaves behind costs
	// time: libzmq searches all topics for those of a subscriber that is gone. So from an address that owes too much it is one at a time.
	admittedAtOnce    = 2
	admittedPerSecond = 50
	inDebtPerSecond   = 20

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
	room  int       // for so many subscribers
	at    time.Time // when room was right
}

func newSources(limit int) *sources { return &sources{limit: limit, of: make(map[string]*source)} }

// owe notes bytes that came from an address, and reports whether it owes too much.
func (s *sources) owe(address string, bytes int, now time.Time) bool {
	s.at(address, now).owes += bytes
	return s.owes(address, now)
}

// owes reports whether an address owes too much.
func (s *sources) owes(address string, now time.Time) bool { return s.at(address, now).owes > s.limit }

// admit reports whether another subscriber from an address may come in now. While the forwarder is busy with what floods have left behind, none
// may from an address that owes too much.
func (s *sources) admit(address string, busy bool, now time.Time) bool {
	src := s.at(address, now)
	most, rate := admittedAtOnce, admittedPerSecond
	if src.owes > s.limit {
		most, rate = 1, inDebtPerSecond
	}
	src.room = min(most, src.room+accrued(&src.at, now, rate))
	if src.room == 0 || busy && src.owes > s.limit {
		return false
	}
	src.room--
	return true
}

// at returns what is known of an address.
func (s *sources) at(address string, now time.Time) *source {
	src := s.of[network(address)]
	if src == nil {
		s.makeRoom(now)
		src = &source{since: now, room: admittedAtOnce, at: now}
		s.of[network(address)] = src
	}
	src.repay(now)
	return src
}

func (s *source) repay(now time.Time) {
	s.owes = max(0, s.owes-accrued(&s.since, now, repaid))
}

// accrued returns how much there is at a rate per second since a time, which it moves on by as long as that took.
func accrued(since *time.Time, now time.Time, rate int) int {
	n := int(now.Sub(*since).Seconds() * float64(rate))
	*since = since.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return n
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
