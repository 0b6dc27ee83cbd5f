// Package attack holds peers of a forwarder that mean it no good, for its tests and for make attacks. They are raw connections with
// just enough ZMTP, since libzmq would not do what they do. All of them come back at once when they are cut off, and end with their context.
package attack
