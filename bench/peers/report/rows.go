package main

import (
	"fmt"
	"math"
	"strings"
)

// A row is one promise: what was measured of it, what it should be, and whether it is.
type row struct {
	what, measured, target string
	met                    verdict
}

type verdict int

const (
	unknown verdict = iota // something was not measured
	met
	missed
)

func (v verdict) String() string { return [...]string{"not measured", "met", "**missed**"}[v] }

// claims gathers the figures of one row. Every figure that it is asked for and does not have makes the verdict unknown.
type claims struct {
	r      *Results
	broken bool
	lost   bool
}

// get returns a figure, NaN where there is none.
func (c *claims) get(path, unit string) float64 {
	v, ok := c.r.get(path, unit)
	if !ok {
		c.broken = true
		return math.NaN()
	}
	return v
}

// atMost notes whether a figure is as small as it should be.
func (c *claims) atMost(v, limit float64) {
	if !(v <= limit) {
		c.lost = true
	}
}

func (c *claims) row(what, target, format string, figures ...any) row {
	r := row{what: what, measured: fmt.Sprintf(format, figures...), target: target, met: met}
	switch {
	case c.broken:
		r.met = unknown
	case c.lost:
		r.met = missed
	}
	return r
}

// atomicNs is what an uncontended atomic add takes on the scale of the targets, in nanoseconds.
const atomicNs = 2.7

const (
	allCores = "/on=all"
	oneCore  = "/on=one"
)

// rows are the promises, in the order in which they are made.
func rows(r *Results) []row {
	return []row{
		timerByName(r), timerInstrument(r), counters(r), gauge(r), fullRing(r), unwatched(r), lookUps(r),
		cheapestRival(r), dearestRival(r), processTime(r), idle(r), watch(r), emptyBlock(r), tail(r), workloads(r), collector(r), starved(r),
	}
}

func timerByName(r *Results) row {
	c := claims{r: r}
	call := "bench:Call/call=Time" + oneCore
	ticks, now, allocs := c.get(call, "x-2-ticks"), c.get(call, "x-time.Now"), c.get(call, "allocs/call")
	c.atMost(ticks, 1.5)
	c.atMost(now, math.Nextafter(0.7, 0))
	c.atMost(allocs, 0)
	return c.row("`defer zibrato.Time(\"x\")()`", "≤ 1.5 × two readings of the counter, < 0.7 × `time.Now()`, no allocation",
		"%s: %s × two readings of the counter, %s × `time.Now()`, %s allocations", ns(c.get(call, "ns/op")), ratio(ticks), ratio(now), figure(allocs))
}

func timerInstrument(r *Results) row {
	c := claims{r: r}
	direct, deferred := "bench:Call/call=Timer.Start+Stop"+oneCore, "bench:Call/call=Timer.Start+Stop,deferred"+oneCore
	c.atMost(c.get(direct, "x-2-ticks"), 1.3)
	c.atMost(c.get(deferred, "x-2-ticks"), 1.4)
	return c.row("`t.Start()` … `Stop()`, direct · deferred", "≤ 1.3 × · ≤ 1.4 × two readings of the counter",
		"%s · %s: %s × · %s ×", ns(c.get(direct, "ns/op")), ns(c.get(deferred, "ns/op")), ratio(c.get(direct, "x-2-ticks")), ratio(c.get(deferred, "x-2-ticks")))
}

func counters(r *Results) row {
	c := claims{r: r}
	var said []string
	for _, call := range []struct {
		name  string
		limit float64
	}{{"Counter.Inc", 8}, {"Inc", 11}} {
		path := "bench:Call/call=" + call.name
		one, all, adds := c.get(path+oneCore, "ns/op"), c.get(path+allCores, "ns/op"), c.get(path+oneCore, "x-atomic.Add")
		c.atMost(adds*atomicNs, call.limit)
		c.atMost(all/float64(r.Machine.GOMAXPROCS), one)
		said = append(said, fmt.Sprintf("%s = %s × an atomic add, that is %s on the scale; on all cores at once each caller waits %s",
			ns(one), ratio(adds), ns(adds*atomicNs), ns(all)))
	}
	return c.row("`jobs.Inc()` · `zibrato.Inc(\"jobs\")`",
		"≤ 8 ns · ≤ 11 ns on a scale where an uncontended atomic add is 2.7 ns; run time ÷ calls on all cores no higher than on one", "%s", strings.Join(said, " · "))
}

func gauge(r *Results) row {
	c := claims{r: r}
	path := "bench:Call/call=Gauge.Set" + oneCore
	adds := c.get(path, "x-atomic.Add")
	c.atMost(adds*atomicNs, 12)
	return c.row("`g.Set(v)`, another value each time", "≤ 12 ns on the same scale", "%s, that is %s on the scale", ns(c.get(path, "ns/op")), ns(adds*atomicNs))
}

func fullRing(r *Results) row {
	c := claims{r: r}
	worst, name := 0.0, "nothing"
	var dearer []string
	calls := r.under("bench:Full/call=", oneCore)
	for _, call := range calls {
		one, all := "bench:Full/call="+call+oneCore, "bench:Full/call="+call+allCores
		for _, path := range []string{one, all} {
			if x := c.get(path, "x-room"); x > worst {
				worst, name = x, call
			}
		}
		alone, each := c.get(one, "ns/op"), c.get(all, "ns/op")
		if c.atMost(each/float64(r.Machine.GOMAXPROCS), alone); each/float64(r.Machine.GOMAXPROCS) > alone {
			dearer = append(dearer, fmt.Sprintf("; dearer there: `%s`, %s alone and %s each", call, ns(alone), ns(each)))
		}
	}
	c.broken = c.broken || len(calls) == 0
	c.atMost(worst, 1.3)
	return c.row("the same calls with the ring full and the drain stopped", "≤ 1.3 × their cost with room; run time ÷ calls on all cores no higher than on one",
		"%s × at worst (`%s`); timer by name %s, each caller on all cores at once %s%s", ratio(worst), name,
		ns(c.get("bench:Full/call=Time"+oneCore, "ns/op")), ns(c.get("bench:Full/call=Time"+allCores, "ns/op")), strings.Join(dearer, ""))
}

func unwatched(r *Results) row {
	c := claims{r: r}
	name, instrument := "bench:Unwatched/call=Time", "bench:Unwatched/call=Timer.Start+Stop,deferred"
	c.atMost(c.get(name, "x-defer"), 1.5)
	c.atMost(c.get(instrument, "x-defer"), 1.5)
	return c.row("timer by `defer` on a level that nobody watches, name · instrument", "≤ 1.5 × `defer f()()` with an `f` that returns an empty closure",
		"%s · %s: %s × · %s ×", ns(c.get(name, "ns/op")), ns(c.get(instrument, "ns/op")), ratio(c.get(name, "x-defer")), ratio(c.get(instrument, "x-defer")))
}

func lookUps(r *Results) row {
	c := claims{r: r}
	var said []string
	for _, call := range []string{"TimerVec.With,deferred", "Scope.Time"} {
		more, allocs := c.get("bench:Call/call="+call+"/beyond=instrument", "more-ns/op"), c.get("bench:Call/call="+call+oneCore, "allocs/call")
		c.atMost(more, 20)
		c.atMost(allocs, 0)
		said = append(said, fmt.Sprintf("%s more, %s allocations", ns(more), figure(allocs)))
	}
	return c.row("look-up in a vector with known values · a scope's `Time`", "≤ 20 ns more than the instrument, no allocation", "%s", strings.Join(said, " · "))
}

func processTime(r *Results) row {
	c := claims{r: r}
	published := c.get("bench/network:Process/rate=1M", "cpu-ns/sample")
	c.atMost(published, 60)
	return c.row("processor time of the whole process per sample of a timer, at a million a second", "≤ 60 ns",
		"%s published through ZeroMQ, %s with a consumer in the process", ns(published), ns(c.get("bench:Process/rate=1M", "cpu-ns/sample")))
}

func idle(r *Results) row {
	c := claims{r: r}
	published := c.get("bench/network:Process/rate=0", "core-%")
	c.atMost(published, math.Nextafter(0.1, 0))
	return c.row("idle process", "< 0.1 % of a core", "%s %% with a publisher, %s %% with a consumer in the process", figure(published), figure(c.get("bench:Process/rate=0", "core-%")))
}

func watch(r *Results) row {
	c := claims{r: r}
	const path = "bench/network:Watch"
	seen := c.get(path, "on-p99-ms")
	c.atMost(seen, 50)
	return c.row("from the start of a subscriber to `debug` until it has samples of each of three publishers · from its end until nobody measures any more", "p99 ≤ 50 ms",
		"median %s ms, p99 %s ms · median %s ms, p99 %s ms", figure(c.get(path, "on-median-ms")), figure(seen), figure(c.get(path, "off-median-ms")), figure(c.get(path, "off-p99-ms")))
}

func emptyBlock(r *Results) row {
	c := claims{r: r}
	least, most := math.Inf(1), 0.0
	for _, lib := range rivalsIn(r, "EmptyBlock", "") {
		v := c.get("bench/peers:EmptyBlock/lib="+lib, "reported-ns")
		least, most = min(least, v), max(most, v)
	}
	name, instrument := c.get("bench/peers:EmptyBlock/lib=zibrato", "reported-ns"), c.get("bench/peers:EmptyBlock/lib=zibrato-instrument", "reported-ns")
	c.atMost(max(name, instrument), 2)
	return c.row("what an empty block is reported to take, in the mean", "≤ 2 ns", "%s by name, %s by instrument; rivals %s to %s", ns(name), ns(instrument), ns(least), ns(most))
}

func tail(r *Results) row {
	c := claims{r: r}
	var said []string
	for _, loop := range []struct{ name, what string }{{"Time", "a loop that does nothing else"}, {"Time,1µs-apart", "one that works for 1 µs"}} {
		path := "bench:Tail/call=" + loop.name
		stalls, bare := c.get(path, "stalls/1e8"), c.get(path, "bare-stalls/1e8")
		c.atMost(stalls, 1.5*bare)
		said = append(said, fmt.Sprintf("in %s p99.99 %s, maximum %s (bare: %s, %s), %s turns above 100 µs, bare %s", loop.what, ns(c.get(path, "p99.99-ns")), ns(c.get(path, "max-ns")),
			ns(c.get(path, "bare-p99.99-ns")), ns(c.get(path, "bare-max-ns")), figure(stalls), figure(bare)))
	}
	return c.row("a call's own latency under load, while the collector runs", "turns above 100 µs, of 10⁸: at most 1.5 × those of the same loop without the call", "%s", strings.Join(said, "; "))
}

func workloads(r *Results) row {
	c := claims{r: r}
	var said []string
	works := r.under("bench:Workload/work=", "")
	for _, work := range works {
		path := "bench:Workload/work=" + work
		slower, budget := c.get(path, "slower-%"), c.get(path, "budget-%")
		c.atMost(slower, 1.1*budget)
		lost := fmt.Sprintf("%s %s %%, limit %s %%", work, figure(slower), figure(1.1*budget))
		if read, ok := r.get(path, "2-ticks-ns/call"); ok {
			lost += fmt.Sprintf(", where two readings of the counter alone take %s ns a call", figure(read))
		}
		said = append(said, lost)
	}
	c.broken = c.broken || len(works) == 0
	return c.row("throughput that real work loses when each of its functions is timed, all cores busy", "≤ 1.1 × calls × 60 ns ÷ run time", "%s", strings.Join(said, "; "))
}

func collector(r *Results) row {
	c := claims{r: r}
	var said []string
	for _, unit := range []string{"cycles/s", "pause-ns"} {
		with, without, noise := c.get("bench:Collector", unit), c.get("bench:Collector", "bare-"+unit), c.get("bench:Collector", "noise-"+unit)
		c.atMost(r.leastMore("bench:Collector", unit, "bare-"+unit), noise) // a difference that one run does not show is noise, too
		c.broken = c.broken || without == 0                                 // the run was too short for the collector
		said = append(said, fmt.Sprintf("%s %s with, %s without, noise %s", figure(with), unit, figure(without), figure(noise)))
	}
	return c.row("garbage collector with a million samples a second, and with none", "no difference beyond noise", "%s", strings.Join(said, "; "))
}

func starved(r *Results) row {
	c := claims{r: r}
	var said []string
	for _, t := range []struct {
		rate string
		most float64
	}{{"4.6M", 0.05}, {"13M", 0.05}, {"34M", 0.65}} {
		path := "bench:Starved/rate=" + t.rate
		lost := c.get(path, "lost-%")
		c.atMost(lost, t.most)
		said = append(said, fmt.Sprintf("%s %% at %s M/s", figure(lost), figure(c.get(path, "reached-M/s"))))
	}
	crowd := "bench:Starved/crowd/rate=34M"
	lost := c.get(crowd, "lost-%")
	c.atMost(lost, 0.65)
	said = append(said, fmt.Sprintf("with 32 goroutines for each processor %s %% at %s M/s", figure(lost), figure(c.get(crowd, "reached-M/s"))))
	return c.row("detail lost while every processor is busy recording; totals stay exact", "0 · 0 · 0.6 % at 4.6 · 13 · 34 M/s", "%s", strings.Join(said, " · "))
}
