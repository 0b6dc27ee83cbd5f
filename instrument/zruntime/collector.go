package zruntime

import (
	"fmt"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/periodic"
)

// DefaultEvery is the interval between readings.
const DefaultEvery = 10 * time.Second

// Config says where and how often to record. The zero Config records on the default recorder every DefaultEvery.
type Config struct {
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info.
	Scope *zibrato.Scope
	// Every is the interval between readings, at least 100 ms. Default: DefaultEvery.
	Every time.Duration
}

const shortest = 100 * time.Millisecond

// Collector reads what the runtime and the process do. Its methods may be called from any goroutine.
type Collector struct {
	watched *zibrato.Timer // is started to see whether anybody watches; times the readings
	loop    *periodic.Loop

	mu      sync.Mutex // guards all below
	stale   bool       // the last reading was left out: the next one only begins differences anew
	samples []metrics.Sample
	takes   []take // of samples
	system  []func(first bool)
}

// take records a sample. The first one after a pause has nothing to differ from.
type take func(v metrics.Value, first bool)

// Start begins to record, with a first reading. It fails if the configuration is wrong. One collector does for a process: of two on the same recorder with the
// same level, source and tags both count, so that counters and timers show everything twice.
func Start(c Config) (*Collector, error) {
	switch {
	case c.Every == 0:
		c.Every = DefaultEvery
	case c.Every < shortest:
		return nil, fmt.Errorf("zruntime: Config.Every %v: want at least %v", c.Every, shortest)
	}
	z := c.Scope
	if z == nil {
		z = zibrato.With()
	}
	r := &Collector{stale: true}
	r.watched = z.NewTimer("go.metrics.read", zibrato.WithHelp("Reading what this package records."))
	r.addRuntime(z, metrics.All())
	r.addBuild(z)
	r.addProcess(z)
	r.Read()
	r.loop = periodic.Start(c.Every, r.Read)
	return r, nil
}

// Read reads and records now, beside what the interval brings.
func (r *Collector) Read() {
	r.mu.Lock()
	defer r.mu.Unlock()
	timing := r.watched.Start()
	if timing == (zibrato.Stopwatch{}) {
		r.stale = true
		return
	}
	metrics.Read(r.samples)
	for i, s := range r.samples {
		r.takes[i](s.Value, r.stale)
	}
	for _, read := range r.system {
		read(r.stale)
	}
	r.stale = false
	timing.Stop()
}

// Close reads a last time and ends the collector. Calls after the first do nothing. It waits for a reading under way, and always returns nil.
func (r *Collector) Close() error {
	r.loop.Stop(r.Read)
	return nil
}

// growth records by how much a total grew, which never shrinks.
type growth struct {
	to   *zibrato.Counter
	last int64
}

func (g *growth) take(total int64, first bool) {
	if !first && total > g.last {
		g.to.Add(total - g.last)
	}
	g.last = total
}
