package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The names of Zibrato's own rows among the libraries, and of those that are no rivals since they record nothing.
const (
	ours           = "zibrato"
	oursInstrument = "zibrato-instrument"
	bareClock      = "time.Now+Since"
)

// jobsCompared are the jobs that libraries do, with the columns' heads.
var jobsCompared = []struct{ name, on, head string }{
	{"Timer", oneCore, "timer"},
	{"Timer", allCores, "on all cores"},
	{"Labels", oneCore, "timer, 2 labels"},
	{"Counter", oneCore, "counter"},
	{"Counter", allCores, "on all cores"},
	{"Named", oneCore, "counter by name"},
	{"Named", allCores, "on all cores"},
	{"Gauge", oneCore, "gauge"},
	{"Off", oneCore, "timer, off"},
}

// rivalsIn returns the libraries that do a job and are not ours.
func rivalsIn(r *Results, job, on string) []string {
	return slices.DeleteFunc(r.under("bench/peers:"+job+"/lib=", on), func(lib string) bool {
		return lib == ours || lib == oursInstrument || lib == bareClock
	})
}

// cheapestRival compares with the cheapest library of those that record anything.
func cheapestRival(r *Results) row {
	c := claims{r: r}
	var said []string
	for _, job := range []struct{ name, on, what string }{
		{"Timer", oneCore, "timer"}, {"Timer", allCores, "timer on all cores"}, {"Counter", allCores, "counter under contention"},
		{"Named", oneCore, "counter by name"}, {"Named", allCores, "counter by name under contention"},
	} {
		least, cheapest := math.Inf(1), ""
		for _, lib := range rivalsIn(r, job.name, job.on) {
			if x := c.get("bench/peers:"+job.name+"/lib="+lib+job.on, "x-"+ours); x < least {
				least, cheapest = x, lib
			}
		}
		c.broken = c.broken || cheapest == ""
		c.atMost(3, least)
		said = append(said, fmt.Sprintf("%s %s × (%s)", job.what, ratio(least), cheapest))
	}
	return c.row("against the cheapest rival", "≥ 3 × cheaper each", "%s", strings.Join(said, ", "))
}

// dearestRival tells where we are last.
func dearestRival(r *Results) row {
	c := claims{r: r}
	var last []string
	for _, job := range jobsCompared {
		most := 0.0
		libs := rivalsIn(r, job.name, job.on)
		for _, lib := range libs {
			most = max(most, c.get("bench/peers:"+job.name+"/lib="+lib+job.on, "ns/op"))
		}
		c.broken = c.broken || len(libs) == 0
		own := c.get("bench/peers:"+job.name+"/lib="+ours+job.on, "ns/op")
		c.atMost(own, most)
		if own > most {
			last = append(last, job.name+strings.Replace(job.on, "/on=", ", ", 1))
		}
	}
	said := "nowhere"
	if len(last) > 0 {
		said = strings.Join(last, "; ")
	}
	return c.row("dearer than the dearest rival", "nowhere", "%s", said)
}
