// Package subscriber is the receiving side of a backend behind a forwarder: messages in from a ZeroMQ socket, decoded
// batches out. It reads the binary form and the text form of docs/wire.md side by side.
//
//	forwarder ── messages ──▶ SUB │ Subscriber.Receive │ ── batches ──▶ deliver
//
// [Config].Detail chooses between single samples and summaries of them. [Start] makes the socket, subscribes and begins to connect; whether anybody listens at the other end, then or later, makes no
// difference. A [Subscriber] is a backend.Source: nothing is read, and after a lost connection nothing is subscribed
// again, unless [Subscriber.Receive] runs, because the socket belongs to the goroutine that called it.
//
// # What is lost, and when
//
//   - What arrives faster than it is received waits in a queue of bounded length ([Config].QueueBytes) and in the
//     kernel's buffers; then the peer drops. Batches carry sequence numbers and totals, by which a backend sees and repairs that.
//   - What is sent while there is no connection. Lost connections are made again within 0.3 s of the peer's return.
//   - Malformed messages, each counted by metric.Reason in [Stats], logged at a bounded rate, and otherwise without effect.
//   - A frame of more than 8 MiB costs the connection that it came from, with what the peer had
//     queued there; it is made anew and counted in [Stats].Violations. A forwarder of this project passes no such frame.
//
// The package needs cgo and libzmq 4.3.3 or newer. It uses zmq4's default context, as the other roles of a process do.
package subscriber
