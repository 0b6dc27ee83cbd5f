package admin

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// started is when the process began, near enough.
var started = time.Now()

// runtimeMetrics are those of the Go runtime that say how the process is.
var runtimeMetrics = []struct {
	from, name, help string
	counter          bool
}{
	{"/sched/goroutines:goroutines", "go_goroutines", "Goroutines that exist.", false},
	{"/memory/classes/heap/objects:bytes", "go_heap_objects_bytes", "Memory that live objects take, and dead ones that the collector has not swept yet.", false},
	{"/memory/classes/total:bytes", "go_memory_bytes", "Memory that the Go runtime has mapped. What libzmq takes is not in it.", false},
	{"/gc/cycles/total:gc-cycles", "go_gc_cycles_total", "Garbage collections that were completed.", true},
}

// Process is the part that every process has.
type Process struct {
	Version string // of the program
	Libzmq  string // its version
}

// Name is what reports call it.
func (Process) Name() string { return "process" }

// Stuck is empty: a process that answers is not.
func (Process) Stuck() string { return "" }

// Waits is empty.
func (Process) Waits() string { return "" }

// Report adds what the process is and takes.
func (p Process) Report(e *Exposition) {
	e.Gauge("zibrato_build_info", "1, with the versions of what runs.", 1, "version", p.Version, "go", runtime.Version(), "libzmq", p.Libzmq)
	e.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", float64(started.UnixMilli())/1000)
	if use, ok := usage(); ok {
		e.Seconds("process_cpu_seconds_total", "CPU time that the process took, in seconds.", use.cpu.Seconds())
		e.Gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", float64(use.resident))
		e.Gauge("process_open_fds", "Files, sockets and the like that are open.", float64(use.files))
		e.Gauge("process_max_fds", "How many may be open.", float64(use.maxFiles))
	}
	samples := make([]metrics.Sample, len(runtimeMetrics))
	for i, m := range runtimeMetrics {
		samples[i].Name = m.from
	}
	metrics.Read(samples)
	for i, m := range runtimeMetrics {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			continue // a Go to come may not have it any more
		}
		if v := samples[i].Value.Uint64(); m.counter {
			e.Counter(m.name, m.help, v)
		} else {
			e.Gauge(m.name, m.help, float64(v))
		}
	}
}

// used is what the kernel says of the process.
type used struct {
	cpu      time.Duration
	resident uint64
	files    int
	maxFiles uint64
}
