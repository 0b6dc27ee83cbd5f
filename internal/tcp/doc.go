// Package tcp asks the kernel about connections that libzmq made, by their descriptors. libzmq may close them at any time, and then
// the number may stand for another file of this process.
package tcp

// Identity tells a socket from all that ever had its descriptor.
type Identity uint64

// Flow is what has passed on a TCP connection.
type Flow struct {
	Received uint64 // bytes that came
	Unread   uint64 // of these, what the process has not read
	Acked    uint64 // bytes that the peer's kernel has
	Unsent   uint64 // bytes for which it has no room
}
