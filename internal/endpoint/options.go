//go:build cgo

package endpoint

import (
	"cmp"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/zibrato/zibrato/keys"
)

const (
	connectTimeout   = 2 * time.Second // short, since the kernel repeats what a partition swallows ever more seldom
	handshakeTimeout = 5 * time.Second
	heartbeatEvery   = time.Second
	heartbeatTimeout = 3 * time.Second
)

// SetOptions sets what all sockets that connect have in common: how they connect, how they connect again, and how they notice
// that the other side is gone.
func SetOptions(s *zmq.Socket, ipv6 bool) error {
	return cmp.Or(
		SetPace(s, Quick),
		s.SetConnectTimeout(connectTimeout),
		s.SetHandshakeIvl(handshakeTimeout),
		s.SetHeartbeatIvl(heartbeatEvery),
		s.SetHeartbeatTimeout(heartbeatTimeout),
		s.SetTcpKeepalive(1), // for peers that speak a ZMTP older than heartbeats
		s.SetIpv6(ipv6),
	)
}

// SetKeys makes the socket speak only with the server that has this key. The zero Pair leaves the socket as it is.
func SetKeys(s *zmq.Socket, key keys.Pair, server keys.Public) error {
	if key.IsZero() {
		return nil
	}
	return cmp.Or(s.SetCurveServerkey(server.String()), s.SetCurvePublickey(key.Public().String()), s.SetCurveSecretkey(key.Secret()))
}
