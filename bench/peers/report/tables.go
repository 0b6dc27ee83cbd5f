package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// readmeSection is what README.md says about cost.
func readmeSection(r, elsewhere *Results) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on: %s. `make figures` measures all of it anew.\n\n", r.origin())
	fmt.Fprintf(&b, "![What a call costs, by library](docs/figures/%s)\n\n", callsPlot)
	b.WriteString("Nanoseconds that a caller waits, in the median of short turns that all libraries took on the same machine:\n\n")
	b.WriteString(libraryTable(r))
	b.WriteString("\nWhat we promise, and whether this run kept it:\n\n")
	b.WriteString(promiseTable(r, rows(r)))
	b.WriteString(elsewhereLine(elsewhere))
	fmt.Fprintf(&b, "\n![Throughput lost by the length of what is timed](docs/figures/%s)\n\n", lossPlot)
	fmt.Fprintf(&b, "![Latency of a timer's call under load](docs/figures/%s)\n", tailPlot)
	return b.String()
}

func promiseTable(r *Results, rows []row) string {
	var lines [][]string
	for _, row := range rows {
		lines = append(lines, []string{row.what, row.measured, row.target, row.met.String()})
	}
	return table([]string{"what", "measured", "target", ""}, false, lines) + "\n" + scaleOf(r)
}

// elsewhereSection shows what another processor missed.
func elsewhereSection(r *Results) string {
	kept := func(r row) bool { return r.met == met }
	return fmt.Sprintf("Measured on: %s.\n\n%s", r.origin(), promiseTable(r, slices.DeleteFunc(rows(r), kept)))
}

// elsewhereLine says how many promises another processor kept.
func elsewhereLine(r *Results) string {
	kept, measured := 0, 0
	for _, row := range rows(r) {
		if row.met == met {
			kept++
		}
		if row.met != unknown {
			measured++
		}
	}
	return fmt.Sprintf("\nOf these promises another kind of processor, %s, kept %d of %d with commit %s: [what it missed](docs/costs.md#on-another-processor).\n",
		r.Machine.CPU, kept, measured, r.Commit)
}

// scaleOf says how this machine's clock compares with that of the machine for which targets in nanoseconds were set: two readings and time.Now took 24 and
// 61 ns there.
func scaleOf(r *Results) string {
	c := claims{r: r}
	return fmt.Sprintf("Two readings of the processor's counter, which no timer goes below, take %s on this machine, and `time.Now()` %s. The targets that are "+
		"nanoseconds of a timer were set on a machine where these take 24 ns and 61 ns.\n", ns(c.get("bench:Floor/of=2-ticks", "ns/op")), ns(c.get("bench:Floor/of=time.Now", "ns/op")))
}

// libraryTable sets the libraries beside each other, the cheapest timer first.
func libraryTable(r *Results) string {
	head := []string{"library"}
	for _, j := range jobsCompared {
		head = append(head, j.head)
	}
	libs := librariesOf(r)
	var lines [][]string
	for _, lib := range libs {
		line := []string{libraryName(lib)}
		for _, j := range jobsCompared {
			v, ok := r.get("bench/peers:"+j.name+"/lib="+lib+j.on, "ns/op")
			if !ok {
				v = math.NaN()
			}
			line = append(line, figure(v))
		}
		lines = append(lines, line)
	}
	return table(head, true, lines)
}

// librariesOf returns all libraries that do any of the jobs, by what a timer costs, those without one at the end.
func librariesOf(r *Results) []string {
	var libs []string
	for _, j := range jobsCompared {
		for _, lib := range r.under("bench/peers:"+j.name+"/lib=", j.on) {
			if !slices.Contains(libs, lib) {
				libs = append(libs, lib)
			}
		}
	}
	cost := func(lib string) float64 {
		if v, ok := r.get("bench/peers:Timer/lib="+lib+oneCore, "ns/op"); ok {
			return v
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(libs, func(x, y string) int { return cmp.Compare(cost(x), cost(y)) })
	return libs
}

// libraryName is what readers call a library.
func libraryName(lib string) string {
	if name, ok := map[string]string{
		ours:                "**Zibrato**, timer by name",
		oursInstrument:      "**Zibrato**, timer by instrument",
		"cactus-statsd":     "cactus/go-statsd-client",
		"datadog":           "datadog-go",
		"datadog-extended":  "datadog-go, extended aggregation",
		"hashicorp":         "hashicorp/go-metrics",
		"opentelemetry":     "OpenTelemetry",
		"prometheus":        "Prometheus, classic histogram",
		"prometheus-native": "Prometheus, native histogram",
		"rcrowley":          "rcrowley/go-metrics",
		"runtime-trace":     "runtime/trace, flight recorder on",
		"runtime-trace-off": "runtime/trace, off",
		"tally":             "uber-go/tally",
		bareClock:           "`time.Now` and `time.Since`, nothing recorded",
	}[lib]; ok {
		return name
	}
	return lib
}

// costSections are the generated parts of docs/costs.md.
func costSections(r, elsewhere *Results) map[string]string {
	return map[string]string{
		"figures:origin":      fmt.Sprintf("Measured on: %s.", r.origin()),
		"figures:promises":    promiseTable(r, rows(r)),
		"figures:elsewhere":   elsewhereSection(elsewhere),
		"figures:floors":      floorTable(r),
		"figures:calls":       callTable(r),
		"figures:full":        fullTable(r),
		"figures:work":        workTable(r),
		"figures:tail":        tailTable(r),
		"figures:libraries":   libraryTable(r),
		"figures:empty":       emptyTable(r),
		"figures:blocks":      blockTable(r),
		"figures:librarytail": libraryTailTable(r),
		"figures:behind":      behindTable(r),
		"figures:forwarder":   forwarderTable(r),
		"figures:weight":      weightTable(r),
	}
}

// cells returns the medians of some units of a benchmark.
func (r *Results) cells(path string, units ...string) []string {
	var cells []string
	for _, u := range units {
		v, ok := r.get(path, u)
		if !ok {
			v = math.NaN()
		}
		cells = append(cells, figure(v))
	}
	return cells
}

// lines makes a line of each benchmark below a prefix.
func (r *Results) lines(prefix, suffix string, units ...string) (lines [][]string) {
	for _, part := range r.under(prefix, suffix) {
		lines = append(lines, append([]string{"`" + part + "`"}, r.cells(prefix+part+suffix, units...)...))
	}
	return lines
}

func floorTable(r *Results) string {
	return table([]string{"floor", "ns"}, true, r.lines("bench:Floor/of=", "", "ns/op"))
}

func callTable(r *Results) string {
	var lines [][]string
	for _, call := range r.under("bench:Call/call=", oneCore) {
		one, all := "bench:Call/call="+call+oneCore, "bench:Call/call="+call+allCores
		line := append([]string{"`" + call + "`"}, r.cells("bench:Unwatched/call="+call, "ns/op")...)
		line = append(line, r.cells(one, "ns/op")...)
		line = append(line, r.cells(all, "ns/op")...)
		for _, unit := range []string{"x-2-ticks", "x-time.Now", "x-atomic.Add"} {
			v, _ := r.get(one, unit)
			line = append(line, ratio(v))
		}
		lines = append(lines, append(line, r.cells(one, "allocs/call")...))
	}
	return table([]string{"call", "unwatched", "one core", "all cores", "× 2 readings", "× `time.Now`", "× atomic add", "allocations"}, true, lines)
}

func fullTable(r *Results) string {
	var lines [][]string
	for _, call := range r.under("bench:Full/call=", oneCore) {
		one, all := "bench:Full/call="+call+oneCore, "bench:Full/call="+call+allCores
		x1, _ := r.get(one, "x-room")
		x2, _ := r.get(all, "x-room")
		lines = append(lines, slices.Concat([]string{"`" + call + "`"}, r.cells(one, "ns/op"), []string{ratio(x1)}, r.cells(all, "ns/op"), []string{ratio(x2)}))
	}
	return table([]string{"call", "one core", "× with room", "all cores", "× with room"}, true, lines)
}

func workTable(r *Results) string {
	units := []string{"bare-ns/op", "ns/op", "calls/op", "slower-%", "budget-%", "ns/call", "2-ticks-ns/call"}
	lines := append(r.lines("bench:Workload/work=", "", units...), r.lines("bench:Block/block=", "", units...)...)
	return table([]string{"work", "bare, ns", "timed, ns", "calls", "lost, %", "60 ns a call, %", "ns a call", "two readings"}, true, lines)
}

var percentileUnits = []string{"p50-ns", "p90-ns", "p99-ns", "p99.9-ns", "p99.99-ns", "p99.999-ns", "p99.9999-ns", "max-ns"}

var percentileHeads = []string{"p50", "p90", "p99", "p99.9", "p99.99", "p99.999", "p99.9999", "max"}

func tailTable(r *Results) string {
	var lines [][]string
	for _, call := range r.under("bench:Tail/call=", "") {
		path := "bench:Tail/call=" + call
		lines = append(lines, slices.Concat([]string{"`" + call + "`"}, r.cells(path, percentileUnits...), r.cells(path, "stalls/1e8")))
		var bare []string
		for _, u := range percentileUnits {
			bare = append(bare, "bare-"+u)
		}
		lines = append(lines, slices.Concat([]string{"the same loop without it"}, r.cells(path, bare...), r.cells(path, "bare-stalls/1e8")))
	}
	return table(slices.Concat([]string{"call"}, percentileHeads, []string{"turns above 100 µs, of 10⁸"}), true, lines)
}

func libraryTailTable(r *Results) string {
	var lines [][]string
	for _, lib := range r.under("bench/peers:Tail/lib=", "") {
		path := "bench/peers:Tail/lib=" + lib
		lines = append(lines, slices.Concat([]string{libraryName(lib)}, r.cells(path, percentileUnits...), r.cells(path, "stalls/1e8", "bare-stalls/1e8")))
	}
	return table(slices.Concat([]string{"library"}, percentileHeads, []string{"turns above 100 µs, of 10⁸", "without the call"}), true, lines)
}

func emptyTable(r *Results) string {
	var lines [][]string
	for _, lib := range r.under("bench/peers:EmptyBlock/lib=", "") {
		lines = append(lines, append([]string{libraryName(lib)}, r.cells("bench/peers:EmptyBlock/lib="+lib, "reported-ns")...))
	}
	return table([]string{"library", "reported, ns"}, true, lines)
}

// blockTable is the curve in figures: what is lost, by library and length.
func blockTable(r *Results) string {
	head := []string{"library"}
	for _, b := range blockLengths {
		head = append(head, b.name)
	}
	var lines [][]string
	for _, lib := range lossLibraries(r) {
		line := []string{libraryName(lib)}
		if lib == noLibrary {
			line[0] = "nothing: the noise"
		}
		for _, b := range blockLengths {
			line = append(line, strings.Join(r.cells(lossPath(lib, b.name), "slower-%", "error-%"), " ± "))
		}
		lines = append(lines, line)
	}
	return table(head, true, lines)
}

func behindTable(r *Results) string {
	var lines [][]string
	for _, l := range []struct{ what, path string }{
		{"a consumer in the process", "bench:PipelineDrain"},
		{"decoded batches, through publisher, forwarder and subscriber", "bench/network:PipelineNetwork/to=socket"},
		{"windows, through the same and a backend", "bench/network:PipelineNetwork/to=window"},
	} {
		lines = append(lines, append([]string{l.what}, r.cells(l.path, "records/s", "ns/record")...))
	}
	return table([]string{"from the ring to", "records a second", "ns a record"}, true, lines)
}

func forwarderTable(r *Results) string {
	return table([]string{"message, bytes", "messages a second", "MiB a second", "× libzmq's proxy"}, true, r.lines("bench/network:Forwarder/size=", "", "msgs/s", "MiB/s", "ratio"))
}

func weightTable(r *Results) string {
	var lines [][]string
	for _, lib := range r.under("bench/peers:Weight/lib=", "") {
		path := "bench/peers:Weight/lib=" + lib
		bytes, _ := r.get(path, "bytes")
		name, _, _ := strings.Cut(libraryName(lib), ",") // whichever way it is used
		lines = append(lines, slices.Concat([]string{name, figure(bytes / 1000)}, r.cells(path, "packages", "foreign-packages", "init-µs")))
	}
	return table([]string{"library", "kB", "packages", "of these not the standard library's", "initialisation, µs"}, true, lines)
}
