package ring

import (
	"unsafe"

	"github.com/zibrato/zibrato/internal/clock"
	"github.com/zibrato/zibrato/internal/line"
	"github.com/zibrato/zibrato/internal/release"
	"github.com/zibrato/zibrato/metric"
	"go.uber.org/atomic"
)

// shard is what one processor writes to.
type shard struct {
	holder // of the portable build; nothing in the pinned one

	// Owned by the holder of the shard.
	tail *segment // where records go; never nil
	_    [line.Stored - unsafe.Sizeof(uintptr(0))]byte
	n    uint64 // records in tail

	_ [line.Size]byte

	// Owned by the drain.
	head *segment
	read uint64 // records of head that were visited

	_ [line.Size]byte

	patience // under the ring's mutex

	_ [16]byte // whole lines, on amd64
}

// segment is a stretch of a shard's records. Two words pass it on:
//
// committed is written by the holder and read by the drain. Storing n hands records 0 to n-1 to the drain, which may read
// them until it gives the segment back; the producer does not touch them again.
//
// next is written once by the holder, after the segment's last record was committed. Storing it hands the whole segment over: the
// producer never touches it again. The drain, once it saw next, empties the segment and gives it to the pool, under
// the pool's lock, which hands it to the next producer that takes it.
type segment struct {
	_         [line.Stored]byte
	committed atomic.Uint64
	next      atomic.Pointer[segment]
	_         [line.Size - unsafe.Sizeof(uintptr(0))]byte // so that no record lies in two lines
	records   [segmentLen]metric.Record
}

// Overflow says how a record that finds no room is added to its series' cell.
type Overflow uint8

const (
	Ticks     Overflow = iota // ticks between two readings of the clock: as corrected nanoseconds, see clock.Span
	Int                       // an integer
	Float                     // a float64
	CountOnly                 // the value has no sum
)

// Put appends a record. When no memory is left for it, it counts the call in the series' cell, adds the value to the cell's sum as o says,
// and returns false.
func (r *Ring) Put(rec metric.Record, o Overflow) bool { return put(r, rec, o) }

// PutTiming puts, as Put does, what lies between two readings of [clock.Ticks]. The record says when the timing ended.
func (r *Ring) PutTiming(series uint32, start, end int64) bool {
	return r.Put(metric.Record{Series: series, Time: uint32(end>>clock.CoarseShift) | 1, Value: metric.IntValue(end - start)}, Ticks)
}

// putHolding is Put by a holder.
func (r *Ring) putHolding(rec metric.Record, o Overflow) bool {
	p := r.hold()
	s := r.of(p)
	if s == nil {
		r.release(s)
		return r.putSlowly(rec, o)
	}
	t, n := s.tail, s.n
	if s.put(rec) {
		if !r.asleep.Load() {
			r.release(s)
			t.fetch(n)
			return true
		}
		r.release(s)
		r.rouse()
		return true
	}
	if k := r.chunk(rec.Series, p); k != nil && r.dry.Load() {
		k.add(rec.Series, rec.Value, o)
		r.release(s)
		r.rouse()
		return false
	}
	r.release(s)
	return r.putSlowly(rec, o)
}

// put must be called by the holder.
func (s *shard) put(rec metric.Record) bool {
	n := s.n
	if n >= segmentLen {
		return false
	}
	t := s.tail
	t.records[n] = rec
	s.n = n + 1
	release.Store(&t.committed, n+1) // passes the record to the drain
	return true
}

// fetch asks, with every fourth record, for a line that comes soon: the drain, on another processor, was the last to read it. Waiting for such
// lines takes a third of a tight loop's time. It is called when nothing is held any more, and touches no memory.
func (t *segment) fetch(n uint64) {
	if n%(line.Size/recordBytes) == 0 && n < segmentLen-fetchAhead/recordBytes {
		prefetch(uintptr(unsafe.Pointer(t)) + unsafe.Offsetof(t.records) + uintptr(n)*recordBytes + fetchAhead)
	}
}

// putSlowly gives the shard what it lacks: itself, another segment, or a cell. It holds nothing while it allocates or yields.
func (r *Ring) putSlowly(rec metric.Record, o Overflow) bool {
	var spare *segment
	for {
		s := r.of(r.hold())
		if s == nil {
			r.release(s)
			r.addShard()
			continue
		}
		if s.put(rec) { // somebody else gave this shard a segment, or the goroutine runs on another P by now
			r.release(s)
			r.rouse()
			if spare != nil {
				r.giveBack(spare)
			}
			return true
		}
		if spare != nil {
			full := s.tail
			s.tail, s.n = spare, 0
			// The drain may look into the spare from here on. It came from the pool empty: no records committed, no next, as the
			// drain left it before it gave it back.
			full.next.Store(spare) // hands the full segment over
			s.put(rec)
			r.release(s)
			r.rouse()
			return true
		}
		r.release(s)
		if r.makesWay(s) {
			continue
		}
		if spare = r.take(); spare == nil {
			r.addSlowly(rec.Series, rec.Value, o)
			return false
		}
	}
}
