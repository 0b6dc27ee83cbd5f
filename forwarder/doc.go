// Package forwarder is the broker between instrumented processes and backends, to be embedded or run by cmd/zibrato.
//
// Publishers connect to one socket (In, an XSUB), subscribers to another (Out, an XPUB). What publishers send goes to the
// subscribers that asked for it, byte for byte; what subscribers ask for goes to the publishers, checked:
//
//	publishers ── messages ──▶ In │ forwarder │ Out ── messages ──▶ subscribers
//	publishers ◀─── topics ─── In │ forwarder │ Out ◀─── topics ─── subscribers
//
// [Start] binds both and returns; one goroutine, locked to its thread, owns the sockets until Close.
//
// # What is dropped, and when
//
//   - A subscriber that does not keep up loses what does not fit its queue, or its connection ([Config].QueueBytes); the others lose
//     nothing. libzmq does not count those losses. Batches carry sequence numbers, by which the subscriber does.
//   - Messages of several frames, since each of ours is one frame, and messages larger than metric.MaxFrame. They are counted.
//   - Messages larger than that by 64 KiB, and requests of subscribers larger than 256 bytes (512 with keys): libzmq closes the
//     connection that they came from. So it does with peers that leave a handshake unfinished for 2 s or heartbeats
//     unanswered for 3 s.
//   - Subscriptions that are malformed, too long or too many, and whatever else subscribers send. They are counted by [Refusal].
//
// A topic is relayed to the publishers once, however many subscribers hold it, and withdrawn with its last holder. It may be
// any beginning of a message of docs/wire.md: up to 64 bytes of UTF-8 without control characters, or nothing at all.
//
// # Limits
//
// libzmq accepts and reads whatever comes, so a goroutine of its own watches every connection, by libzmq's events and by what the kernel knows,
// and closes those that take more than their share: too many, subscribers that send more than subscribers need or take nothing,
// publishers that begin messages and do not end them. Those beyond the limits from one address go first, and subscribers of one address are
// let in a few at a time, so that floods leave room for others, of the same address too. Room among the topics goes to who has least of
// it. Outside of Linux the kernel is not asked, and connections are only counted. docs/reliability.md has what attacks cost.
//
// # Keys
//
// With Config.Key all connections are encrypted, and nobody is served whose public key is not on the list of Config.Allow. Without, peers are not
// authenticated: the forwarder listens on this machine alone unless Config.AllowRemote is set, and an ipc socket is as safe as
// the permissions of its directory. libzmq asks one handler in a process for keys; a program in which a forwarder with keys
// runs cannot have another, such as that of zmq4.AuthStart. docs/encryption.md is a guide.
//
// The package needs cgo and libzmq 4.3.3 or newer. It uses zmq4's default context, as the other roles of a process do.
package forwarder
