// Package ring is where instrumented code leaves its records: rings of 16-byte records with many producers that share
// nothing and one consumer, and beside them cells that hold a count and a sum for each series.
//
// Every processor (P, in the scheduler's words) has a shard of its own. A producer holds its shard for a few
// nanoseconds, in which it is the only one to write there, so that it needs no lock, no read-modify-write and no cache
// line that another core writes. How a shard is held is in hold_pinned.go and hold_portable.go; all else is the same for both. In unheld.go is how
// that is done without being said, where it can be: what holds for a holder holds there, too.
//
//	producer ──hold──▶ shard ──▶ segment ─▶ segment ─▶ (next)      records, in order
//	         └────────▶ column[series] ──▶ chunk[shard]            running totals: cells of {count, sum}
//	drain ◀── reads each shard's segments up to what is committed, and the cells that changed
//
// A shard's records lie in a chain of segments of 64 KiB. The producer fills the last one, the drain empties the first,
// and emptied segments return to a pool. The pool is bounded: when it has nothing left, Put adds to a cell
// instead, where there is always room. So no call is lost; overload loses the single record only.
//
// Cells are written by the holder of a shard alone and read by the drain at any time. A cell's two words are
// read one after the other, so either may lack calls that the other has; they agree once no call is under way.
//
// # Memory
//
// With the first record every processor, up to GOMAXPROCS, takes one segment, [SegmentBytes], for as long as the ring lives. One that records
// takes more of the pool until the drain comes; what was taken once is used again and not given back. The cells of 256 neighbouring series take 4 KiB on each processor that uses one of them.
package ring

import (
	"unsafe"

	"github.com/zibrato/zibrato/internal/line"
	"go.uber.org/atomic"
)

const (
	recordBytes = 16
	segmentLen  = 4096 // records; 64 KiB
	chunkShift  = 8
	chunkLen    = 1 << chunkShift // cells; 4 KiB
	fetchAhead  = 16 * line.Size  // see segment.fetch

	// SegmentBytes is the size of one segment: what a processor takes at least once anything is recorded.
	SegmentBytes = segmentLen * recordBytes
	// DefaultBytes bounds the memory of a ring's segments.
	DefaultBytes = 16 << 20
)

// Ring holds the records and cells of one recorder. Put and Add may be called from any goroutine; Drain, Changed
// and Cell from one at a time. The zero Ring is not ready; see New.
type Ring struct {
	// shards points to the first of count pointers, by P. Both grow under mu and never shrink, since GOMAXPROCS may come back. The
	// pointers are stored before the count, so that whoever loads the count first finds at least so many.
	count  atomic.Uint32
	dry    atomic.Bool   // the pool is empty: do not even ask. Set by producers under mu, cleared by the drain
	asleep atomic.Bool   // the drain sleeps: wake it after writing
	unheld atomic.Uint32 // the count, or 0 where nobody may write without holding a shard. See unheld.go
	shards atomic.Pointer[*shard]
	// columns points to the first of mask+1 pointers, by series / chunkLen. Written by Resize only.
	columns *atomic.Pointer[column]
	mask    uint32

	_ [line.Size]byte // what follows is written where the lines above are read by every call

	wake chan struct{}
	only *shard // of a scratch ring: the shard of all processors
	pool

	_ [48]byte // whole lines, on amd64
}

// New returns a ring whose segments take at most maxBytes (0: DefaultBytes; at least one segment), with cells for series 0 to series-1.
func New(maxBytes, series int) *Ring {
	r := &Ring{wake: make(chan struct{}, 1), pool: newPool()}
	r.Resize(maxBytes, series)
	return r
}

// NewScratch returns a small ring for one goroutine at a time, which puts records into it and drains it, to see what that takes: all processors
// share one shard, with two segments at most. It has cells for series 0.
func NewScratch() *Ring {
	r := New(SegmentBytes, 1)
	r.only = newShard()
	r.wake, r.filling = nil, nil // nobody waits, so it is no matter where among testing/synctest's bubbles it is used
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
	n := 1
	for n*chunkLen < series {
		n *= 2
	}
	columns := make([]atomic.Pointer[column], n)
	old := r.allColumns() // those of Cells that were taken already stay
	for i := range min(len(old), n) {
		columns[i].Store(old[i].Load())
	}
	r.columns, r.mask = &columns[0], uint32(n-1)
}

// Room returns for how many records the pool has memory.
func (r *Ring) Room() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.maxMade * segmentLen
}

// all returns the shards that exist.
func (r *Ring) all() []*shard {
	n := r.count.Load()
	return unsafe.Slice(r.shards.Load(), n)
}

// of returns a shard by its number, or nil when there is none yet. It cannot panic.
func (r *Ring) of(n int) *shard {
	if uint(n) >= uint(r.count.Load()) {
		return nil
	}
	return *(**shard)(unsafe.Add(unsafe.Pointer(r.shards.Load()), uintptr(n)*unsafe.Sizeof(uintptr(0))))
}

// extend makes shards up to number n-1.
func (r *Ring) extend(n int) {
	r.columns.Load() // a zero Ring panics here, where nothing is held and recover helps
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.all()
	if n <= len(old) {
		return
	}
	grown := make([]*shard, n)
	copy(grown, old)
	for i := len(old); i < n; i++ {
		if grown[i] = r.only; r.only == nil {
			grown[i] = newShard()
		}
	}
	// Hands the new shards to producers and drain. Who still holds the old table finds the same shards in it.
	r.shards.Store(&grown[0])
	r.count.Store(uint32(n))
	if unheld {
		r.unheld.Store(uint32(n))
	}
}

func newShard() *shard {
	first := new(segment) // beside the pool: a shard always has one
	return &shard{tail: first, head: first}
}

// rouse wakes a drain that announced that it sleeps. See Sleeping.
func (r *Ring) rouse() {
	if r.asleep.Load() && r.asleep.CompareAndSwap(true, false) { // one of the producers does it
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
// written since. A producer looks for the announcement right after writing, but its processor may let that look overtake the write. So the
// drain looks at the ring once more some time after it called, a millisecond say, when every such write
// has long become visible: what it does not see then has found the announcement.
func (r *Ring) Sleeping() <-chan struct{} {
	r.asleep.Store(true)
	return r.wake
}

// Filling returns a channel that becomes ready when half of the ring's memory waits to be drained, again with each further
// segment. When more than three quarters do, a producer that needs another segment yields its processor, which the drain may be waiting for.
func (r *Ring) Filling() <-chan struct{} { return r.filling }

// Awake takes the announcement back.
func (r *Ring) Awake() { r.asleep.Store(false) }
