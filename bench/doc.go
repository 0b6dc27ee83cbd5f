// Package bench measures the observer effect: what instrumented code pays for being instrumented, beside the floors that nobody can go below.
//
//	go test -bench . github.com/zibrato/zibrato/bench
//
// runs from any module that requires Zibrato, in under two minutes, and needs neither cgo nor libzmq.
//
//	Floor       reading the processor's counter, time.Now, an empty deferred call, an atomic add
//	Call        each way to record, on a level that is watched, while a consumer keeps up
//	Unwatched   the same calls on a level that nobody watches
//	Full        the same calls while the drain stands still and the ring is full; x-room: how many times the cost with room
//	Stopped     what is lost of single samples while the drain stands still; it fails unless all counts and sums come out exact
//	EmptyBlock  what a timer reports of a block that does nothing
//	Tail        the latency of single calls under load, while the collector runs
//	Workload    what real work loses when each of its functions is timed
//	Block       what work of 100 ns to 100 µs loses when each piece of it is timed
//	Process     processor time of the whole process: per sample, and idle
//	Collector   cycles and pauses of the garbage collector with a million samples a second, and with none
//	Starved     detail that is lost when every processor is busy recording
//	Pipeline    records a second through the drain
//
// Every figure is a median over short slices, in which what is measured takes turns with what it is compared with; ratios are those of neighbouring
// slices. ns/op is what one caller waits, on one processor (on=one) or while all record at once (on=all). -benchtime says how
// long each benchmark takes. Names of sub-benchmarks are key=value pairs, as benchstat (https://golang.org/x/perf/cmd/benchstat) reads them.
//
// What needs libzmq is in bench/network; other libraries at the same jobs are in the module bench/peers, and the sinks in the module bench/sinks.
package bench
