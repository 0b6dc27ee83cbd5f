package endpoint

import (
	"errors"
	"time"

	"github.com/zibrato/zibrato/keys"
)

// CheckKeys finds keys that would not do: encryption takes the first two.
func CheckKeys(key keys.Pair, server, next keys.Public) error {
	switch {
	case key.IsZero() && !server.IsZero():
		return errors.New("Config.Key is missing: a forwarder with a key serves only those who have one, too; make one with zibrato keygen")
	case server.IsZero() && !next.IsZero():
		return errors.New("Config.NextServerKey is set without Config.ServerKey: the one goes on when the other ends")
	case !key.IsZero() && server.IsZero():
		return errors.New("Config.ServerKey is missing: want the forwarder's public key, without which anybody could pose as it")
	}
	return nil
}

// turnEvery is how long each of two server keys is tried.
const turnEvery = time.Second

// ServerKeys are those that a forwarder may have while it changes its key. The zero Next is none.
type ServerKeys struct {
	Now, Next keys.Public

	turned time.Time
	seen   uint64 // how many connections had been hung up in their handshake then
}

// Turn makes the other key the present one, and reports so, if connections with this one end in their handshakes. count is how many have, whatever
// the key.
func (s *ServerKeys) Turn(count uint64, now time.Time) bool {
	if s.Next.IsZero() || count == s.seen || now.Sub(s.turned) < turnEvery {
		return false
	}
	s.Now, s.Next = s.Next, s.Now
	s.turned, s.seen = now, count
	return true
}
