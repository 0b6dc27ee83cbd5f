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
