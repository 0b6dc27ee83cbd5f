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

	// The kernel asks whether a connection is still there, in seconds, when nothing has come for some. Those that only listen need that: an end that
	// got lost is told by nobody else, since libzmq forgets when to expect a heartbeat as soon as a message comes
	// (https://github.com/zeromq/libzmq/blob/v4.3.4/src/stream_engine_base.cpp), and peers may speak a ZMTP that has none. Where heartbeats come,
	// the kernel has nothing to ask.
	keepaliveIdle  = 3
	keepaliveEvery = 1
	keepaliveTries = 3
)

// SetOptions sets what all sockets that connect have in common: how they connect, how they connect again, and how they notice
// that the other side is gone.
func SetOptions(s *zmq.Socket, ipv6 bool) error {
	return cmp.Or(
		SetPace(s, Quick),
		s.SetConnectTimeout(connectTimeout),
		s.SetHandshakeIvl(handshakeTimeout),
		s.SetTcpKeepalive(1),
		s.SetTcpKeepaliveIdle(keepaliveIdle),
		s.SetTcpKeepaliveIntvl(keepaliveEvery),
		s.SetTcpKeepaliveCnt(keepaliveTries),
		s.SetIpv6(ipv6),
	)
}

// SetHeartbeats makes the socket ask now and then whether the other side is there. It is for sockets that receive without a bound on what waits:
// libzmq is on the safe side only if one that has stopped reading says nothing by itself. Others go by what the forwarder's own
// heartbeats say about when to expect the next.
func SetHeartbeats(s *zmq.Socket) error {
	return cmp.Or(s.SetRcvhwm(0), s.SetHeartbeatIvl(heartbeatEvery), s.SetHeartbeatTimeout(heartbeatTimeout))
}

// SetKeys makes the socket speak only with the server that has this key. The zero Pair leaves the socket as it is.
func SetKeys(s *zmq.Socket, key keys.Pair, server keys.Public) error {
	if key.IsZero() {
		return nil
	}
	return cmp.Or(s.SetCurveServerkey(server.String()), s.SetCurvePublickey(key.Public().String()), s.SetCurveSecretkey(key.Secret()))
}
