package zruntime

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"slices"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// endless is as much memory as nothing has: the runtime says so where there is no limit, more or less.
const endless = 1 << 62

// addRuntime adds what this version of Go, which has the known metrics, tells.
func (r *Collector) addRuntime(z *zibrato.Scope, known []metrics.Description) {
	add := func(of string, t take, kinds ...metrics.ValueKind) {
		if slices.ContainsFunc(known, func(d metrics.Description) bool { return d.Name == of && slices.Contains(kinds, d.Kind) }) {
			r.samples = append(r.samples, metrics.Sample{Name: of})
			r.takes = append(r.takes, t)
		}
	}
	gauge := func(of, name, unit, help string, tags ...zibrato.Option) {
		g := z.NewGauge(name, options(unit, help, tags)...)
		add(of, func(v metrics.Value, _ bool) { g.Set(float64(v.Uint64())) }, metrics.KindUint64)
	}
	limit := func(of, name, help string) {
		g := z.NewGauge(name, options("By", help, nil)...)
		add(of, func(v metrics.Value, _ bool) {
			if v.Uint64() < endless {
				g.Set(float64(v.Uint64()))
			}
		}, metrics.KindUint64)
	}
	counter := func(of, name, unit, help string, tags ...zibrato.Option) {
		g := &growth{to: z.NewCounter(name, options(unit, help, tags)...)}
		add(of, func(v metrics.Value, first bool) { g.take(total(v), first) }, metrics.KindUint64, metrics.KindFloat64)
	}
	timer := func(of, name, help string) {
		h := &histogram{to: z.NewTimer(name, zibrato.WithHelp(help))}
		add(of, func(v metrics.Value, first bool) { h.take(v.Float64Histogram(), first) }, metrics.KindFloat64Histogram)
	}

	gauge("/sched/goroutines:goroutines", "go.goroutine.count", "{goroutine}", "Goroutines that exist.")
	gauge("/sched/gomaxprocs:threads", "go.processor.limit", "{thread}", "GOMAXPROCS.")
	timer("/sched/latencies:seconds", "go.schedule.duration", "Time that goroutines are ready and do not run; one in eight goroutines is looked at.")
	counter("/sync/mutex/wait/total:seconds", "go.mutex.wait.time", "ns", "Time that goroutines are blocked by a mutex.")

	counter("/gc/cycles/total:gc-cycles", "go.gc.cycles", "{cycle}", "Collections that ended.")
	timer("/sched/pauses/total/gc:seconds", "go.gc.pause", "Pauses of all goroutines for the collector.")
	counter("/cpu/classes/gc/total:cpu-seconds", "go.gc.cpu.time", "ns", "Processor time of the collector, as the runtime estimates it at the end of a collection.")
	gogc := z.NewGauge("go.config.gogc", options("%", "GOGC; -1 while it is off.", nil)...)
	add("/gc/gogc:percent", func(v metrics.Value, _ bool) { gogc.Set(float64(int64(v.Uint64()))) }, metrics.KindUint64) // the runtime makes a large number of -1
	limit("/gc/heap/goal:bytes", "go.memory.gc.goal", "Size of the heap at which the next collection is to end.")
	limit("/gc/gomemlimit:bytes", "go.memory.limit", "GOMEMLIMIT.")

	gauge("/gc/heap/live:bytes", "go.memory.live", "By", "Memory that the last collection found in use.")
	gauge("/memory/classes/heap/objects:bytes", "go.memory.used", "By", "Memory in use.", zibrato.Tag("type", "object"))
	gauge("/memory/classes/heap/stacks:bytes", "go.memory.used", "By", "Memory in use.", zibrato.Tag("type", "stack"))
	gauge("/memory/classes/heap/unused:bytes", "go.memory.used", "By", "Memory in use.", zibrato.Tag("type", "unused"))
	gauge("/memory/classes/heap/free:bytes", "go.memory.used", "By", "Memory in use.", zibrato.Tag("type", "free"))
	gauge("/memory/classes/heap/released:bytes", "go.memory.released", "By", "Memory that was returned to the system.")
	gauge("/memory/classes/total:bytes", "go.memory.total", "By", "Memory that the runtime mapped, the released included.")
	gauge("/gc/heap/objects:objects", "go.memory.objects", "{object}", "Objects on the heap.")
	counter("/gc/heap/allocs:bytes", "go.memory.allocated", "By", "Bytes that were allocated.")
	counter("/gc/heap/allocs:objects", "go.memory.allocations", "{allocation}", "Objects that were allocated.")
}

func options(unit, help string, more []zibrato.Option) []zibrato.Option {
	return append([]zibrato.Option{zibrato.WithUnit(unit), zibrato.WithHelp(help)}, more...)
}

// total is what a counter counts: whole numbers, and nanoseconds for seconds.
func total(v metrics.Value) int64 {
	if v.Kind() == metrics.KindFloat64 {
		return int64(v.Float64() * 1e9)
	}
	return int64(v.Uint64())
}

// addBuild says which build this is.
func (r *Collector) addBuild(z *zibrato.Scope) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	setting := func(key string) string {
		for _, s := range info.Settings {
			if s.Key == key {
				return s.Value
			}
		}
		return ""
	}
	opts := options("", "1; the tags say what is running.", nil)
	for _, tag := range [][2]string{
		{"path", info.Main.Path}, {"version", info.Main.Version}, {"go", info.GoVersion},
		{"revision", setting("vcs.revision")}, {"modified", setting("vcs.modified")},
	} {
		if tag[1] != "" {
			opts = append(opts, zibrato.Tag(tag[0], tag[1]))
		}
	}
	g := z.NewGauge("go.build.info", opts...)
	r.system = append(r.system, func(bool) { g.Set(1) })
}

// histogram records what came into a histogram of the runtime, in seconds.
type histogram struct {
	to   *zibrato.Timer
	last []uint64
}

func (h *histogram) take(now *metrics.Float64Histogram, first bool) {
	if len(h.last) != len(now.Counts) {
		h.last, first = make([]uint64, len(now.Counts)), true
	}
	if !first {
		var grown metric.Histogram
		sum := 0.0
		for i, n := range now.Counts {
			if n -= h.last[i]; n > 0 {
				m := middle(now.Buckets[i], now.Buckets[i+1])
				grown.Add(m, n)
				sum += m * float64(n)
			}
		}
		s := metric.SummaryOf(grown, sum)
		h.to.Merge(&s)
	}
	copy(h.last, now.Counts)
}

// middle stands for a bucket.
func middle(low, high float64) float64 {
	switch {
	case math.IsInf(low, -1):
		low = min(high, 0)
	case math.IsInf(high, 1):
		high = low
	}
	return (low + high) / 2
}
