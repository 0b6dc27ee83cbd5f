// Package zruntime records what the Go runtime and the process do: memory, garbage collection, goroutines, scheduling, CPU time, open files.
//
//	c, err := zruntime.Start(zruntime.Config{})
//	if err != nil { … }
//	defer c.Close()
//
// A goroutine reads package runtime/metrics, and what the operating system tells of the process, once per interval, all at once. Nothing of it is on
// the path of instrumented code. While nobody watches the scope's level nothing is read.
//
// A reading takes some tens of microseconds and a dozen allocations, on Linux before 6.2 and on other Unix systems more for each open file.
// docs/integrations/runtime.md lists the series; a test compares that list with what is recorded. Where OpenTelemetry's semantic conventions have a name for something it is called so. Counters count from Start on. Durations that the runtime keeps as histograms (scheduling latency, pauses) are recorded as
// the difference between two readings, all of them, each as the middle of its bucket, which is off by at most an eighth. They come as summaries: who subscribes to
// single samples gets their number and sum.
//
// What comes from /proc is there on Linux only. CPU time comes from getrusage on other Unix systems and from GetProcessTimes on Windows. What a system or
// a version of Go does not tell is not recorded, rather than recorded as 0.
package zruntime
