// Package publisher sends a recorder's batches through ZeroMQ: the instrumented process' end of the wire.
//
//	func main() {
//		pub, err := publisher.Start(publisher.Config{}) // the default recorder, tcp://127.0.0.1:5550
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer pub.Close()
//
// The socket is an XPUB that connects to a forwarder, now or whenever one is there. It hears what is subscribed to, and
// makes the recorder record the levels that somebody wants, in samples (zsmp1|level|), summaries (zsum1|level|) or both; a level that nobody wants is
// neither recorded (unless zibrato.Config.AlwaysOn keeps it on) nor sent. When the last subscriber of a level withdraws, the level goes off at
// once; when the connection is lost it stays on for [Config].Hold, and what is recorded meanwhile is sent when its subscribers are back. Only what was
// under way when the connection broke is lost, which receivers notice by the sequence of batches.
//
// Nothing that happens here reaches instrumented code. The drain encodes a batch into a queue that is bounded by bytes; a
// goroutine that owns the socket sends what is queued and never blocks in doing so. When the queue is full, the new
// message is dropped and counted: its samples are lost, but not their count and sum, which travel again with the next batch of their series.
//
// In the binary form (docs/wire.md) a message holds a batch. In the text form of Zibrato 0.2 it holds one sample, and
// there are no totals.
package publisher
