package zibrato

import (
	"math"
	"time"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/metric"
)

// What a recorder says about itself, at level info.
const (
	misuseSeries   = "zibrato.misuse"           // counter, tag reason: calls that were wrong, and what was made legal
	overflowSeries = "zibrato.overflow"         // one of each kind: the calls that found no series of their own
	refusedSeries  = "zibrato.series.refused"   // counter: look-ups that found no room for a series
	countSeries    = "zibrato.series"           // gauge: series of the program
	recordedSeries = "zibrato.samples.recorded" // counter: calls that recorded
	lostSeries     = "zibrato.samples.lost"     // counter, tag where: samples whose count and sum were kept, but not they themselves
	bytesSeries    = "zibrato.published.bytes"  // counter: what consumers handed on, such as to ZeroMQ
	drainSeries    = "zibrato.drain"            // timer: passes of the drain that found something
	shareSeries    = "zibrato.cpu.share"        // gauge: estimated CPU time of instrumentation, as a share of one core
	clockSeries    = "zibrato.clock"            // gauge, tag source: 1 for where ticks come from
)

// self holds the series that a recorder keeps about itself.
type self struct {
	troubles []ownCounter // what is told as soon as it happens
	recorded ownCounter
	bytes    ownCounter
	series   *series
	drain    *series
	share    *series

	// Owned by the drain.
	clock    map[string]*series // by source
	looked   time.Duration      // uptime when it last asked itself whether there is something to report
	reported time.Duration      // uptime of the last report
	told     tally              // what it told of
	news     bool               // the last report told of calls
	passes   []time.Duration    // since then
}

// ownCounter is a counter that is kept elsewhere.
type ownCounter struct {
	s    *series
	read func() int64
}

// tally is what instrumentation did, as far as the drain knows.
type tally struct {
	records   uint64        // taken from the ring
	timings   uint64        // those of them that read the clock twice
	cells     uint64        // calls found in cells
	unsampled uint64        // calls that were merged, of which somebody lacks the samples
	spent     time.Duration // in the drain, what it hands to consumers included, and by consumers elsewhere
}

// calls returns how many calls recorded.
func (t *tally) calls() int64 { return int64(t.records + t.cells) }

// addOwnSeries adds the series that the recorder keeps about itself. The caller holds mu.
func (r *Recorder) addOwnSeries() {
	counter := func(name, unit, help string, read func() int64, tags ...metric.Tag) ownCounter {
		return ownCounter{r.addOwn(metric.Counter, name, unit, help, tags...), read}
	}
	trouble := func(name, help string, read func() int64, tags ...metric.Tag) {
		r.self.troubles = append(r.self.troubles, counter(name, "", help, read, tags...))
	}
	for _, k := range metric.Kinds {
		r.overflow[k] = r.addOwn(k, overflowSeries, "", "calls that found no series of their own")
	}
	for m := range misuses {
		trouble(misuseSeries, "wrong calls of instruments, and names that were made legal", r.misused[m].Load, metric.Tag{Key: "reason", Value: misuseReasons[m]})
	}
	trouble(refusedSeries, "look-ups that found no room for a series", r.overflowed.Load)
	const lostHelp = "samples of which only count and sum were kept"
	trouble(lostSeries, lostHelp, r.lost.Load, metric.Tag{Key: "where", Value: "ring"})
	trouble(lostSeries, lostHelp, r.handled.lost.Load, metric.Tag{Key: "where", Value: "publisher"})
	trouble(lostSeries, lostHelp, func() int64 { return int64(r.tally.unsampled) }, metric.Tag{Key: "where", Value: "merged"})
	r.self.recorded = counter(recordedSeries, "", "calls that recorded", func() int64 { return r.tally.calls() })
	r.self.bytes = counter(bytesSeries, "By", "bytes that consumers handed on", r.handled.bytes.Load)
	r.self.series = r.addOwn(metric.Gauge, countSeries, "{series}", "series of the program that exist, of at most Config.MaxSeries")
	r.self.drain = r.addOwn(metric.Timer, drainSeries, "s", "passes of the drain that found something, what they hand on included")
	r.self.share = r.addOwn(metric.Gauge, shareSeries, "1", "estimated CPU time that instrumentation takes, as a share of one core")
	r.self.clock = map[string]*series{}
}

func (r *Recorder) addOwn(k metric.Kind, name, unit, help string, tags ...metric.Tag) *series {
	d := metric.Series{Kind: k, Level: LevelInfo, Name: name, Unit: unit, Help: help, Tags: tags}
	if k == metric.Timer {
		d.Unit = "s"
	}
	r.own++
	return r.addSeries(d.Key(), d, r.levels[LevelInfo])
}

// troubles tells what went wrong since the last pass.
func (p *drainPass) troubles() {
	for _, c := range p.r.self.troubles {
		p.read(c)
	}
}

func (p *drainPass) read(c ownCounter) {
	if grown := c.read() - c.s.total.Sum.Int(); grown > 0 {
		p.change(c.s)
		p.count(c.s, uint64(grown), grown)
	}
}

// hasNews reports whether a report is due: while calls come, once after the last of them, so that the share of CPU falls to what it is, and once
// a minute. More would go on for ever in an idle process, since what reports take and publish is reported, too.
func (p *drainPass) hasNews() bool {
	self := &p.r.self
	return self.news || p.r.tally.calls() != self.recorded.s.total.Sum.Int() || p.uptime-self.reported >= repeatEvery
}

// report tells what the recorder did since the last report.
func (p *drainPass) report() {
	r := p.r
	r.self.news = r.tally.calls() != r.self.recorded.s.total.Sum.Int()
	p.read(r.self.recorded)
	p.read(r.self.bytes)
	for _, d := range r.self.passes {
		p.observe(r.self.drain, metric.IntValue(int64(d)))
	}
	r.self.passes = r.self.passes[:0]
	r.mu.Lock()
	n := len(r.all) - r.own
	r.mu.Unlock()
	p.set(r.self.series, float64(n))
	p.share()
	p.reportClock()
	r.self.reported = p.uptime
}

// share estimates what instrumentation took since the last report, from the calibrated costs of calls and the drain's time. The report that
// completes the counts when a consumer leaves may come a moment after one, of which there is no share.
func (p *drainPass) share() {
	self := &p.r.self
	elapsed := p.uptime - self.reported
	if elapsed < reportEvery {
		return
	}
	t, was := p.r.tally, self.told
	t.spent += time.Duration(p.r.handled.spent.Load())
	spent := t.spent - was.spent + callCosts().of(t.timings-was.timings, t.records-was.records, t.cells-was.cells)
	self.told = t
	p.set(self.share, math.Round(1e6*float64(spent)/float64(elapsed))/1e6)
}

func (p *drainPass) reportClock() {
	source := clock.Source()
	for name, s := range p.r.self.clock {
		if name != source {
			p.set(s, 0)
		}
	}
	s := p.r.self.clock[source]
	if s == nil {
		p.r.mu.Lock()
		s = p.r.addOwn(metric.Gauge, clockSeries, "", "1: where ticks come from", metric.Tag{Key: "source", Value: source})
		p.r.mu.Unlock()
		p.r.self.clock[source] = s
	}
	p.set(s, 1)
}

// set sets a gauge of the recorder's own, when it differs.
func (p *drainPass) set(s *series, v float64) {
	bits := math.Float64bits(v)
	if s.born && s.last.Load() == bits {
		return
	}
	s.last.Store(bits)
	p.observe(s, metric.FloatValue(v))
}

func (p *drainPass) observe(s *series, v metric.Value) {
	p.change(s)
	p.sample(s, 0, v)
	s.fold(1, v)
}

// spent adds this pass to what the drain took.
func (p *drainPass) spent() {
	d := time.Since(p.now)
	p.r.tally.spent += d
	p.r.self.passes = append(p.r.self.passes, d)
}
