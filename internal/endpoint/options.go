//go:build cgo

package endpoint

import (
	"cmp"
	"time"

	zmq "github.com/pebbe/zmq4"
)

const (
	reconnectMin     = 50 * time.Millisecond
	reconnectMax     = 2 * time.Second
	connectTimeout   = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	heartbeatEvery   = time.Second
	heartbeatTimeout = 3 * time.Second
)

// SetOptions sets what all sockets that connect have in common: how they connect, how they connect again, and how they notice
// that the other side is gone.
func SetOptions(s *zmq.Socket, ipv6 bool) error {
	return cmp.Or(
		s.SetReconnectIvl(reconnectMin),
		s.SetReconnectIvlMax(reconnectMax),
		s.SetConnectTimeout(connectTimeout),
		s.SetHandshakeIvl(handshakeTimeout),
		s.SetHeartbeatIvl(heartbeatEvery),
		s.SetHeartbeatTimeout(heartbeatTimeout),
		s.SetTcpKeepalive(1), // for peers that speak a ZMTP older than heartbeats
		s.SetIpv6(ipv6),
	)
}
