// Package interop holds tests of Zibrato together with software that is not Zibrato's: programs in Python, by way of
// Debian's python3-zmq, and ZeroMQ's own proxy.
package interop
