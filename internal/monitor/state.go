// Package monitor hears from libzmq what becomes of a socket's connections.
package monitor

// State is whether the other side of a connection is there, as far as it is known.
type State uint8

// A connection is away also while it is being made anew.
const (
	Unknown State = iota
	Connected
	Away
)

// Refusal is why a connection ended in its handshake.
type Refusal uint8

// The reasons that libzmq tells apart.
const (
	NotRefused Refusal = iota
	KeyRefused         // the other side says that it does not serve this key
	Mismatch           // the other side speaks of security otherwise, or speaks no ZMTP
	HungUp             // the other side left or said nothing, as it does when it is meant to have a key that it has not
)

// Explain says for a log what may be wrong, to whom has keys or has none. It is empty where nothing is.
func (r Refusal) Explain(keyed bool) string {
	switch {
	case r == KeyRefused:
		return "the forwarder does not serve this key: put its public key on the forwarder's list"
	case r == Mismatch && keyed:
		return "the handshake failed: what answers has no keys, or is no forwarder"
	case r == Mismatch:
		return "the handshake failed: what answers wants keys, which this side has not, or is no forwarder"
	case r == HungUp && keyed:
		return "the handshake was cut short: the forwarder has another key than the one that this side was given, or stands still, or is full"
	case r == HungUp:
		return "the handshake was cut short: what answers wants keys, which this side has not, or stands still, or is full, or is no forwarder"
	}
	return ""
}
