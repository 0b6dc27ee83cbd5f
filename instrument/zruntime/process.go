package zruntime

import (
	"time"

	"github.com/zibrato/zibrato"
)

// loaded is about when the process started, for systems that do not tell.
var loaded = time.Now()

// usage is what a system tells of a process. What it does not tell is unknown.
type usage struct {
	user, system           int64 // nanoseconds of processor time
	minorFaults            int64
	majorFaults            int64
	voluntary, involuntary int64 // context switches
	resident, virtual      int64 // bytes
	threads                int64
	files, filesLimit      int64
}

const unknown = -1

func (r *Collector) addProcess(z *zibrato.Scope) {
	counter := func(name, unit, help, key, value string, of func(*usage) int64) func(*usage, bool) {
		g := &growth{to: z.NewCounter(name, options(unit, help, []zibrato.Option{zibrato.Tag(key, value)})...)}
		return func(u *usage, first bool) {
			if n := of(u); n != unknown {
				g.take(n, first)
			}
		}
	}
	gauge := func(name, unit, help string, of func(*usage) int64) func(*usage, bool) {
		g := z.NewGauge(name, options(unit, help, nil)...)
		return func(u *usage, _ bool) {
			if n := of(u); n != unknown {
				g.Set(float64(n))
			}
		}
	}
	const cpu, faults, switches = "Processor time.", "Page faults.", "Context switches."
	takes := []func(*usage, bool){
		counter("process.cpu.time", "ns", cpu, "mode", "user", func(u *usage) int64 { return u.user }),
		counter("process.cpu.time", "ns", cpu, "mode", "system", func(u *usage) int64 { return u.system }),
		counter("process.paging.faults", "{fault}", faults, "type", "minor", func(u *usage) int64 { return u.minorFaults }),
		counter("process.paging.faults", "{fault}", faults, "type", "major", func(u *usage) int64 { return u.majorFaults }),
		counter("process.context_switches", "{switch}", switches, "type", "voluntary", func(u *usage) int64 { return u.voluntary }),
		counter("process.context_switches", "{switch}", switches, "type", "involuntary", func(u *usage) int64 { return u.involuntary }),
		gauge("process.memory.usage", "By", "Physical memory in use.", func(u *usage) int64 { return u.resident }),
		gauge("process.memory.virtual", "By", "Virtual memory.", func(u *usage) int64 { return u.virtual }),
		gauge("process.thread.count", "{thread}", "Threads of the system.", func(u *usage) int64 { return u.threads }),
		gauge("process.open_file_descriptor.count", "{file}", "Files and sockets that are open.", func(u *usage) int64 { return u.files }),
		gauge("process.open_file_descriptor.limit", "{file}", "How many may be open.", func(u *usage) int64 { return u.filesLimit }),
	}
	started := z.NewGauge("process.start", options("s", "When the process started, in Unix time.", nil)...)
	begun := float64(startOf().UnixMilli()) / 1e3
	r.system = append(r.system, func(first bool) {
		u := usage{unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown}
		u.read()
		for _, take := range takes {
			take(&u, first)
		}
		started.Set(begun)
	})
}
