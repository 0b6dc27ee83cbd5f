package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The plots' files, in docs/figures.
const (
	callsPlot = "calls.svg"
	lossPlot  = "throughput.svg"
	tailPlot  = "tail.svg"
)

func plotsOf(r *Results) map[string]string {
	return map[string]string{callsPlot: drawCalls(r).String(), lossPlot: drawLoss(r).String(), tailPlot: drawTail(r).String()}
}

// plainName is a library's name without the marks of Markdown.
func plainName(lib string) string {
	return strings.NewReplacer("*", "", "`", "").Replace(libraryName(lib))
}

// drawCalls draws what timing an empty block costs: a bar for one core, a tick for all cores at once.
func drawCalls(r *Results) *drawing {
	libs := slices.DeleteFunc(librariesOf(r), func(lib string) bool {
		_, ok := r.get("bench/peers:Timer/lib="+lib+oneCore, "ns/op")
		return !ok
	})
	const left, right, top, pitch = 320.0, 80.0, 92.0, 26.0
	width, height := 920.0, top+pitch*float64(len(libs))+62
	d := newDrawing(width, height, "What timing a block costs, by library", "Nanoseconds that a caller waits, alone and on all cores at once. "+describeCalls(r, libs))
	var values []float64
	for _, lib := range libs {
		for _, on := range []string{oneCore, allCores} {
			v, _ := r.get("bench/peers:Timer/lib="+lib+on, "ns/op")
			values = append(values, v)
		}
	}
	from, to := decadesAround(values)
	x := logScale{from, to, left, width - right}
	bottom := height - 62
	heading(d, "What timing a block costs the caller", "nanoseconds a call, logarithmic; bar: on one core, stroke: on all cores at once")
	for _, v := range x.decades() {
		d.line("grid", x.at(v), top-12, x.at(v), bottom)
		d.text("small", "middle", x.at(v), bottom+16, ns(v))
	}
	for i, lib := range libs {
		y := top + pitch*float64(i)
		one, _ := r.get("bench/peers:Timer/lib="+lib+oneCore, "ns/op")
		all, _ := r.get("bench/peers:Timer/lib="+lib+allCores, "ns/op")
		bar, label := "bar", ""
		if lib == ours || lib == oursInstrument {
			bar, label = "f0", "bold"
		}
		d.text(label, "end", left-10, y+12, plainName(lib))
		d.rect(bar, left, y, max(x.at(one)-left, 1), 16)
		d.line("thin", x.at(all), y-3, x.at(all), y+19)
		d.text(label, "start", max(x.at(one), x.at(all))+8, y+12, figure(one))
	}
	footer(d, r)
	return d
}

func describeCalls(r *Results, libs []string) string {
	var said []string
	for _, lib := range libs {
		one, _ := r.get("bench/peers:Timer/lib="+lib+oneCore, "ns/op")
		said = append(said, plainName(lib)+" "+ns(one))
	}
	return strings.Join(said, ", ") + "."
}

// heading writes what a plot is about.
func heading(d *drawing, title, sub string) {
	d.text("head", "start", 24, 34, title)
	d.text("small", "start", 24, 54, sub)
}

// footer writes where a plot's figures come from.
func footer(d *drawing, r *Results) { d.text("small", "start", 24, d.height-16, r.origin()) }

// A series is a curve with a name.
type series struct {
	name   string
	class  int
	points [][2]float64 // on the paper
}

// classOf gives each library the same colour in every plot.
func classOf(lib string) int {
	if i := slices.Index([]string{ours, "prometheus", "opentelemetry", "VictoriaMetrics", "datadog"}, lib); i >= 0 {
		return i
	}
	return 5
}

// noLibrary compares the bare loop with itself: its figures are the noise of the others.
const noLibrary = "none"

var blockLengths = []struct {
	name string
	ns   float64
}{{"100ns", 100}, {"300ns", 300}, {"1µs", 1e3}, {"3µs", 3e3}, {"10µs", 1e4}, {"30µs", 3e4}, {"100µs", 1e5}}

func lossPath(lib, block string) string { return "bench/peers:Block/lib=" + lib + "/block=" + block }

func lossLibraries(r *Results) []string {
	return r.under("bench/peers:Block/lib=", "/block="+blockLengths[0].name)
}

// drawLoss draws the throughput that is lost by the length of what is timed. What lies within the noise is not drawn.
func drawLoss(r *Results) *drawing {
	const width, height, left, right, top, bottom = 920.0, 520.0, 76.0, 220.0, 84.0, 92.0
	d := newDrawing(width, height, "Throughput lost by the length of what is timed",
		"Percent of throughput lost when every block of work is timed, on all cores, for blocks of 100 nanoseconds to 100 microseconds.")
	heading(d, "What timing every block takes from throughput", "percent lost, all cores busy, everything behind the call included; both axes logarithmic; grey: what a loop loses to itself, the noise")
	x := logScale{100, 1e5, left, width - right}
	y := logScale{0.01, 100, height - bottom, top}
	for _, b := range blockLengths {
		d.line("grid", x.at(b.ns), top, x.at(b.ns), height-bottom)
		d.text("small", "middle", x.at(b.ns), height-bottom+18, ns(b.ns))
	}
	d.text("small", "middle", (left+width-right)/2, height-bottom+38, "length of what is timed")
	for _, v := range y.decades() {
		d.line("grid", left, y.at(v), width-right, y.at(v))
		d.text("small", "end", left-8, y.at(v)+4, tick(v)+" %")
	}
	drawNoise(d, r, x, y)
	var all []series
	for _, lib := range lossLibraries(r) {
		if lib == noLibrary {
			continue
		}
		s := series{name: shortName(lib), class: classOf(lib)}
		for _, b := range blockLengths {
			e, _ := r.get(lossPath(lib, b.name), "error-%")
			if v, ok := r.get(lossPath(lib, b.name), "slower-%"); ok && v > max(e, noiseOf(r, b.name)) {
				s.points = append(s.points, [2]float64{x.at(b.ns), y.at(v)})
			}
		}
		all = append(all, s)
	}
	legend(d, all, width-right)
	footer(d, r)
	return d
}

// noiseOf is what a loop seems to lose to itself: what lies within says nothing.
func noiseOf(r *Results, block string) float64 {
	v, _ := r.get(lossPath(noLibrary, block), "slower-%")
	e, _ := r.get(lossPath(noLibrary, block), "error-%")
	return max(math.Abs(v), e)
}

func drawNoise(d *drawing, r *Results, x, y logScale) {
	outline := [][2]float64{{x.x1, y.x1}}
	for _, b := range blockLengths {
		outline = append(outline, [2]float64{x.at(b.ns), y.at(noiseOf(r, b.name))})
	}
	d.area("noise", append(outline, [2]float64{x.x2, y.x1}))
}

func shortName(lib string) string {
	name, _, _ := strings.Cut(plainName(lib), ",")
	return name
}

// legend draws curves that end at various places, with their names in a column.
func legend(d *drawing, all []series, x float64) {
	for i, s := range all {
		if len(s.points) > 0 {
			d.curve(fmt.Sprintf("c%d", s.class), s.points)
		}
		for _, p := range s.points {
			d.dot(fmt.Sprintf("f%d", s.class), p[0], p[1])
		}
		y := 100 + 20*float64(i)
		d.rect(fmt.Sprintf("f%d", s.class), x+14, y-10, 11, 11)
		d.text("", "start", x+32, y, s.name)
	}
}

// drawTail draws the percentiles of the latency of single calls.
func drawTail(r *Results) *drawing {
	const width, height, left, right, top, bottom = 920.0, 500.0, 76.0, 220.0, 84.0, 92.0
	d := newDrawing(width, height, "Latency of single calls under load", "Percentiles of the time that a single call of a timer takes while all processors work and the garbage collector runs.")
	heading(d, "How long single calls take under load", "latency of one timed empty block, all cores busy and allocating, the collector running; logarithmic")
	libs := r.under("bench/peers:Tail/lib=", "")
	var values []float64
	for _, lib := range libs {
		for _, u := range percentileUnits {
			v, _ := r.get("bench/peers:Tail/lib="+lib, u)
			values = append(values, v)
		}
	}
	from, to := decadesAround(append(values, 10))
	y := logScale{from, to, height - bottom, top}
	step := (width - right - left) / float64(len(percentileUnits)-1)
	for i, head := range percentileHeads {
		at := left + step*float64(i)
		d.line("grid", at, top, at, height-bottom)
		d.text("small", "middle", at, height-bottom+18, head)
	}
	d.text("small", "middle", (left+width-right)/2, height-bottom+38, "share of the calls that took no longer")
	for _, v := range y.decades() {
		d.line("grid", left, y.at(v), width-right, y.at(v))
		d.text("small", "end", left-8, y.at(v)+4, ns(v))
	}
	var all []series
	for _, lib := range libs {
		all = append(all, tailSeries(r, lib, "", shortName(lib), classOf(lib), left, step, y))
	}
	if len(libs) > 0 {
		all = append(all, tailSeries(r, libs[0], "bare-", "no call: the loop itself", 5, left, step, y))
	}
	legend(d, all, width-right)
	footer(d, r)
	return d
}

func tailSeries(r *Results, lib, prefix, name string, class int, left, step float64, y logScale) series {
	s := series{name: name, class: class}
	for i, u := range percentileUnits {
		if v, ok := r.get("bench/peers:Tail/lib="+lib, prefix+u); ok {
			s.points = append(s.points, [2]float64{left + step*float64(i), y.at(v)})
		}
	}
	return s
}
