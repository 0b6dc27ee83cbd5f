package endpoint

import (
	"errors"

	"github.com/zibrato/zibrato/keys"
)

// CheckKeys finds keys that would not do: encryption takes both.
func CheckKeys(key keys.Pair, server keys.Public) error {
	switch {
	case key.IsZero() && !server.IsZero():
		return errors.New("Config.Key is missing: a forwarder with a key serves only those who have one, too; make one with zibrato keygen")
	case !key.IsZero() && server.IsZero():
		return errors.New("Config.ServerKey is missing: want the forwarder's public key, without which anybody could pose as it")
	}
	return nil
}
