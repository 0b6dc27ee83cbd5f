// Package ring is where instrumented code leaves its records: rings of 16-byte records with many producers that share
// nothing and one consumer, and beside them cells that hold a count and a sum for each series.
//
// Every processor (P, in the scheduler's words) has a shard of its own. A producer holds its shard for a few
// nanoseconds, in which it is the only one to write there, so that it needs no lock, no read-modify-write and no cache
// line that another core writes. How a shard is held is in hold_pinned.go and hold_portable.go; all else is the same for both.
//
//	producer ──hold──▶ shard ─┬─▶ segment ─▶ segment ─▶ (next)     records, in order
//	                          └─▶ cells [series]{count, sum}       running totals
//	drain ◀── reads each shard's segments up to what is committed, and all cells
//
// A shard's records lie in a chain of segments of 64 KiB. The producer fills the last one, the drain empties the first,
// and emptied segments return to a pool. The pool is bounded: when it has nothing left, TryPut says false, and the
// caller adds to a cell instead, where there is always room. So no call is lost; overload loses the single record only.
//
// Cells are written by the holder of a shard alone and read by the drain at any time. A cell's two words are
// read one after the other, so either may lack calls that the other has; they agree once no call is under way.
package ring

import (
	"math"
	"sync"

	"github.com/zibrato/zibrato/metric"
	"go.uber.org/atomic"
)

const (
	segmentLen = 4096 // records; 64 KiB
	chunkLen   = 256  // cells; 4 KiB
	cacheLine  = 64

	// SegmentBytes is the size of one segment: what a processor that records takes at least.
	SegmentBytes = segmentLen * 16
	// DefaultBytes bounds the memory of a ring's segments.
	DefaultBytes = 16 << 20
)

// Ring holds the records and cells of one recorder. TryPut, Add and AddFloat may be called from any goroutine; Drain
// and Cell from one at a time. The zero Ring is not ready; see New.
type Ring struct {
	shards atomic.Pointer[[]*shard] // by P; replaced under mu when it grows, never shrunk: GOMAXPROCS may come back
	dry    atomic.Bool              // the pool is empty: do not even ask. Set by producers under mu, cleared by the drain
	asleep atomic.Bool              // the drain sleeps: wake it after writing
	wake   chan struct{}

	mu      sync.Mutex
	chunks  int // length of every shard's table of chunks
	free    []*segment
	made    int // segments that exist
	maxMade int
}

// New returns a ring whose segments take at most maxBytes (0: DefaultBytes; at least one segment), with cells for series 0 to series-1.
func New(maxBytes, series int) *Ring {
	r := &Ring{wake: make(chan struct{}, 1)}
	r.Resize(maxBytes, series)
	r.shards.Store(new([]*shard))
	return r
}

// Resize sets the bounds of New anew. Nothing may have been written yet.
func (r *Ring) Resize(maxBytes, series int) {
	if maxBytes <= 0 {
		maxBytes = DefaultBytes
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.maxMade = max(maxBytes/SegmentBytes, 1)
	r.chunks = (series + chunkLen - 1) / chunkLen
}

type shard struct {
	lock sync.Mutex // of the portable build; the pinned one does not touch it

	// Owned by the holder of the shard.
	tail *segment // where records go
	n    uint     // records in it

	// Written by the holder, read by the drain.
	cells []atomic.Pointer[chunk] // by series / chunkLen

	_ [cacheLine]byte

	// Owned by the drain.
	head *segment
	read uint // records of head that were visited

	_ [cacheLine]byte
}

type segment struct {
	// committed is written by the holder and read by the drain. Storing n hands records 0 to n-1 to the drain.
	committed atomic.Uint64
	// next is written once by the holder, after the segment's last record was committed. Storing it hands the whole segment over: the
	// producer never touches it again.
	next    atomic.Pointer[segment]
	records [segmentLen]metric.Record
}

func newCells(chunks int) []atomic.Pointer[chunk] { return make([]atomic.Pointer[chunk], chunks) }

type chunk [chunkLen]cell

type cell struct {
	count atomic.Uint64
	sum   atomic.Uint64 // an int64 or a float64, as the series' kind says
}

// TryPut appends a record. It reports false when no memory is left for it.
func (r *Ring) TryPut(rec metric.Record) bool {
	if s := r.hold(); s != nil {
		if s.put(rec) {
			r.release(s)
			r.rouse()
			return true
		}
		r.release(s)
	}
	return r.grow(rec)
}

// put must be called by the holder.
func (s *shard) put(rec metric.Record) bool {
	n := s.n
	if n >= segmentLen {
		return false
	}
	s.tail.records[n] = rec
	s.n = n + 1
	s.tail.committed.Store(uint64(n + 1)) // passes the record to the drain
	return true
}

// grow gives the shard another segment, and puts the record there. It must not hold a shard while it allocates.
func (r *Ring) grow(rec metric.Record) bool {
	if r.dry.Load() {
		return false
	}
	spare := r.take()
	if spare == nil {
		return false
	}
	for {
		s := r.hold()
		if s == nil {
			r.addShard()
			continue
		}
		if s.put(rec) { // somebody else gave this shard a segment, or the goroutine runs on another P by now
			r.release(s)
			r.giveBack(spare)
			break
		}
		s.tail.next.Store(spare) // hands the full segment over
		s.tail = spare
		s.n = 0
		s.put(rec)
		r.release(s)
		break
	}
	r.rouse()
	return true
}

// Add counts one call of a series and adds to its integer sum.
func (r *Ring) Add(series uint32, sum int64) {
	s, c := r.cell(series)
	c.count.Store(c.count.Load() + 1)
	c.sum.Store(c.sum.Load() + uint64(sum))
	r.release(s)
	r.rouse()
}

// AddFloat counts one call of a series and adds to its float64 sum.
func (r *Ring) AddFloat(series uint32, sum float64) {
	s, c := r.cell(series)
	c.count.Store(c.count.Load() + 1)
	if t := math.Float64frombits(c.sum.Load()) + sum; t-t == 0 { // an infinite cell would count nothing ever after
		c.sum.Store(math.Float64bits(t))
	}
	r.release(s)
	r.rouse()
}

// cell returns the series' cell in a shard that it holds for the caller.
func (r *Ring) cell(series uint32) (*shard, *cell) {
	for {
		s := r.hold()
		if s == nil {
			r.addShard()
			continue
		}
		if c := s.cells[series/chunkLen].Load(); c != nil {
			return s, &c[series%chunkLen]
		}
		r.release(s)
		fresh := new(chunk)
		if s = r.hold(); s != nil { // perhaps of another P; then the loop allocates once more
			if p := &s.cells[series/chunkLen]; p.Load() == nil {
				p.Store(fresh) // hands the zeroed cells to the drain
			}
			r.release(s)
		}
	}
}

// rouse wakes a drain that announced that it sleeps. The announcement and the records are both sequentially
// consistent: either the producer sees the drain asleep, or the drain, looking once more before it sleeps, sees the record.
func (r *Ring) rouse() {
	if r.asleep.Load() && r.asleep.CompareAndSwap(true, false) {
		r.Wake()
	}
}

// Wake makes the channel of Sleeping ready.
func (r *Ring) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is ready already
	}
}

// Sleeping announces that the drain is going to sleep, and returns the channel that becomes ready when something was
// written since. The drain looks at the ring once more after it called, and before it waits.
func (r *Ring) Sleeping() <-chan struct{} {
	r.asleep.Store(true)
	return r.wake
}

// Awake takes the announcement back.
func (r *Ring) Awake() { r.asleep.Store(false) }

func (r *Ring) take() *segment {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.free); n > 0 {
		s := r.free[n-1]
		r.free = r.free[:n-1]
		return s
	}
	if r.made == r.maxMade {
		r.dry.Store(true)
		return nil
	}
	r.made++
	return new(segment)
}

func (r *Ring) giveBack(s *segment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, s)
	r.dry.Store(false)
}
