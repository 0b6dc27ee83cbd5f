package zexpvar

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/overdue"
	"github.com/zibrato/zibrato/internal/periodic"
)

// What the zero Config stands for.
const (
	DefaultEvery     = 10 * time.Second
	DefaultMaxSeries = 1000
)

const shortest = 100 * time.Millisecond

// Config says what to read, how often, and where to record it. The zero Config records all numbers as gauges on the default recorder.
type Config struct {
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info.
	Scope *zibrato.Scope
	// Every is the interval between readings, at least 100 ms. Default: DefaultEvery.
	Every time.Duration
	// Counter says which series only grow, by their names ("hits", or "requests.GET" of a Map). Nil: none, all are gauges.
	Counter func(name string) bool
	// Tag says which variables are Maps whose keys are the values of a tag, and returns that tag's key; "": the keys are part of the name. Nil: always.
	Tag func(variable string) string
	// Select says which variables are recorded. Nil: all but memstats and cmdline.
	Select func(variable string) bool
	// MaxSeries bounds how many series are told apart. What comes later is left out, and counted as misuse. Default: DefaultMaxSeries.
	MaxSeries int
}

func (c Config) withDefaults() (Config, error) {
	if c.Scope == nil {
		c.Scope = zibrato.With()
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	if c.Counter == nil {
		c.Counter = func(string) bool { return false }
	}
	if c.Tag == nil {
		c.Tag = func(string) string { return "" }
	}
	if c.Select == nil {
		c.Select = func(v string) bool { return v != "memstats" && v != "cmdline" }
	}
	if c.MaxSeries == 0 {
		c.MaxSeries = DefaultMaxSeries
	}
	switch {
	case c.Every < shortest:
		return c, fmt.Errorf("zexpvar: Config.Every %v: want at least %v", c.Every, shortest)
	case c.MaxSeries < 0:
		return c, fmt.Errorf("zexpvar: Config.MaxSeries %d is negative", c.MaxSeries)
	}
	return c, nil
}

// Reader reads what package expvar publishes. Its methods may be called from any goroutine.
type Reader struct {
	cfg                        Config
	watched                    *zibrato.Timer // is started to see whether anybody watches; times the readings
	panics, slow, full, double *zibrato.Counter
	loop                       *periodic.Loop

	mu     sync.Mutex // guards all below, and is held while something is read
	call   overdue.Call[reading]
	series map[key]*series
	round  uint64   // number of the reading
	missed []string // variables that panicked in the last reading
	stale  bool     // the next reading only begins differences anew
}

// Start begins to read, with a first reading, from which counters count. It fails if the configuration is wrong.
func Start(c Config) (*Reader, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Reader{cfg: c, series: map[key]*series{}, stale: true}
	r.watched = c.Scope.NewTimer("expvar.read", zibrato.WithHelp("Reading what package expvar publishes."))
	misuse := c.Scope.NewCounterVec("expvar.misuse", []string{"reason"}, zibrato.WithHelp("What went wrong while package expvar's variables were read."))
	r.panics, r.slow, r.full, r.double = misuse.With("panic"), misuse.With("slow"), misuse.With("full"), misuse.With("double")
	r.Read()
	r.loop = periodic.Start(c.Every, r.Read)
	return r, nil
}

// Read reads and records now, beside what the interval brings.
func (r *Reader) Read() {
	r.mu.Lock()
	defer r.mu.Unlock()
	timing := r.watched.Start()
	if timing == (zibrato.Stopwatch{}) {
		r.stale = true
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.cfg.Every) // for variables can be functions
	defer cancel()
	now, err := r.call.Do(ctx, r.walk)
	if err != nil {
		r.slow.Inc()
		return
	}
	r.round++
	for _, n := range now.numbers {
		r.record(n)
	}
	r.stale, r.missed = false, now.panicked
	r.panics.Add(int64(len(now.panicked)))
	timing.Stop()
}

// Close reads a last time and ends the reader. Calls after the first do nothing. It waits for a reading under way, as long as one may take, and always returns nil.
func (r *Reader) Close() error {
	r.loop.Stop(r.Read)
	return nil
}

// key tells series apart.
type key struct{ name, tag, value string }

// series is what one number is recorded on.
type series struct {
	gauge   *zibrato.Gauge
	counter *zibrato.Counter // nil: it is a gauge
	last    int64
	round   uint64 // of the last reading that had it
}

// record records a number.
func (r *Reader) record(n number) {
	s, known := r.series[n.key]
	switch {
	case known && s.round == r.round: // or it would fall and grow in each reading
		r.double.Inc()
		return
	case !known && len(r.series) >= r.cfg.MaxSeries:
		r.full.Inc()
		return
	case !known:
		s = r.newSeries(n.key)
		r.series[n.key] = s
	}
	s.round = r.round
	if s.counter == nil {
		s.gauge.Set(n.float)
		return
	}
	switch grown := n.whole - s.last; {
	case r.stale, !known && slices.Contains(r.missed, n.variable):
	case grown < 0:
		s.counter.Add(max(n.whole, 0))
	default:
		s.counter.Add(grown)
	}
	s.last = n.whole
}

func (r *Reader) newSeries(k key) *series {
	var opts []zibrato.Option
	if k.tag != "" {
		opts = append(opts, zibrato.Tag(k.tag, k.value))
	}
	if r.cfg.Counter(k.name) {
		return &series{counter: r.cfg.Scope.NewCounter(k.name, opts...)}
	}
	return &series{gauge: r.cfg.Scope.NewGauge(k.name, opts...)}
}
