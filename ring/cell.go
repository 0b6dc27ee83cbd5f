package ring

import (
	"math"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/internal/line"
	"github.com/zibrato/zibrato/internal/release"
	"github.com/zibrato/zibrato/metric"
	"go.uber.org/atomic"
)

// chunk holds the cells of neighbouring series on one shard.
type chunk struct {
	_ [line.Stored]byte
	// changed is set by the holder after it wrote to a cell, and cleared by the drain before it reads them.
	changed atomic.Uint64
	cells   [chunkLen]cell
}

// cell is written by the holder of its shard and read by the drain.
type cell struct {
	count atomic.Uint64
	sum   atomic.Uint64 // an int64 or a float64, as the series' kind says
}

// Add counts one call of a series and adds to its integer sum. Who adds often takes [Ring.Cells].
func (r *Ring) Add(series uint32, sum int64) {
	p := r.hold()
	s := r.of(p)
	if s != nil {
		if k := r.chunk(series, p); k != nil {
			c := &k.cells[uint8(series)]
			release.Store(&c.count, c.count.Load()+1)
			release.Store(&c.sum, c.sum.Load()+uint64(sum))
			release.Store(&k.changed, 1)
			r.release(s)
			r.rouse()
			return
		}
	}
	r.release(s)
	r.addSlowly(series, metric.IntValue(sum), Int)
}

// add counts one call. It must be called by the holder, so it must not grow the stack.
//
//go:nosplit
func (k *chunk) add(series uint32, v metric.Value, o Overflow) {
	c := &k.cells[uint8(series)]
	release.Store(&c.count, c.count.Load()+1)
	sum := c.sum.Load()
	switch o {
	case Ticks:
		sum += uint64(clock.Span(v.Int()))
	case Int:
		sum += uint64(v.Int())
	case Float:
		if t := math.Float64frombits(sum) + v.Float(); t-t == 0 { // an infinite cell would count nothing ever after
			sum = math.Float64bits(t)
		}
	}
	release.Store(&c.sum, sum)
	release.Store(&k.changed, 1)
}

// addSlowly adds where the chunk, or the shard, may not exist yet. It holds nothing while it allocates.
func (r *Ring) addSlowly(series uint32, v metric.Value, o Overflow) {
	for {
		p := r.hold()
		s := r.of(p)
		if s == nil {
			r.release(s)
			r.addShard()
			continue
		}
		if k := r.chunk(series, p); k != nil {
			k.add(series, v, o)
			r.release(s)
			r.rouse()
			return
		}
		r.release(s)
		r.addChunk(series, p)
	}
}
