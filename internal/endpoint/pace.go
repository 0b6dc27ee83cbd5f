//go:build cgo

package endpoint

import (
	"cmp"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// Pace is how often a socket tries to connect. What the restart of a forwarder costs is mostly the time until everybody tries again, and a
// try costs almost a millisecond of CPU: who tries six times a second takes 0.5 % of a processor.
type Pace struct {
	Slow bool
	away time.Time // since when there has been no connection; zero: there is one
}

// Quick and slow are how long a socket waits between two tries at the most.
const (
	Quick     = 150 * time.Millisecond
	slow      = 2 * time.Second
	firstWait = 50 * time.Millisecond
	// quickFor is how long a connection may be away until it is looked for slowly.
	quickFor = 10 * time.Second
)

// SetPace sets how long the connections that a socket makes from now on wait between two tries at the most.
func SetPace(s *zmq.Socket, most time.Duration) error {
	return cmp.Or(s.SetReconnectIvl(firstWait), s.SetReconnectIvlMax(most))
}

// Turn reports whether the pace is another from now on. It is for the socket's owner to SetPace and to connect anew.
func (p *Pace) Turn(connected bool, now time.Time) bool {
	switch {
	case connected:
		p.away = time.Time{}
		return false
	case p.away.IsZero():
		p.away = now
	}
	was := p.Slow
	p.Slow = now.Sub(p.away) >= quickFor
	return p.Slow != was
}

// Most is how long to wait between two tries at the most.
func (p *Pace) Most() time.Duration {
	if p.Slow {
		return slow
	}
	return Quick
}
