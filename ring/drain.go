package ring

import (
	"iter"
	"math"

	"github.com/zibrato/zibrato/metric"
)

// Drain visits the records that were committed when it looked, shard after shard, each shard's in the order in which they were put. The slice is
// lent for the call. It visits no more of a shard than fits the ring, so that a producer as fast as the drain does not keep it here. It returns how
// many records it visited.
func (r *Ring) Drain(visit func([]metric.Record)) (visited int) {
	for _, s := range r.all() {
		for range r.maxMade + 1 { // the pool, and the shard's first segment
			// Reading committed takes over the records below it.
			n := s.head.committed.Load()
			if n > s.read {
				visit(s.head.records[s.read:n])
				visited += int(n - s.read)
				s.read = n
			}
			if n < segmentLen {
				break
			}
			next := s.head.next.Load()
			if next == nil { // full, and its producer has not come back yet
				break
			}
			emptied := s.head // the producer left it when it stored next: it is ours
			s.head, s.read = next, 0
			emptied.committed.Store(0)
			emptied.next.Store(nil)
			r.giveBack(emptied)
		}
	}
	return visited
}

// Changed visits the ranges of series, from first to last-1, whose cells changed since the last call.
func (r *Ring) Changed(visit func(first, last uint32)) {
	columns := r.allColumns()
	for i := range columns {
		changed := false
		chunks := columns[i].Load().all()
		for n := range chunks {
			// Clear the flag before the cells are read: who writes later sets it again. It takes a sequentially consistent store, behind
			// which the reads stay; release.Store would let them pass.
			if k := chunks[n].Load(); k != nil && k.changed.Load() != 0 {
				k.changed.Store(0)
				changed = true
			}
		}
		if changed {
			visit(uint32(i)*chunkLen, uint32(i+1)*chunkLen)
		}
	}
}

// Cell returns the calls and the integer sum that a series has in all cells.
func (r *Ring) Cell(series uint32) (count uint64, sum int64) {
	for c := range r.cells(series) {
		count += c.count.Load()
		sum += int64(c.sum.Load())
	}
	return count, sum
}

// CellFloat returns the calls and the float64 sum that a series has in all cells.
func (r *Ring) CellFloat(series uint32) (count uint64, sum float64) {
	for c := range r.cells(series) {
		count += c.count.Load()
		sum += math.Float64frombits(c.sum.Load())
	}
	return count, sum
}

// cells yields the cells that a series has.
func (r *Ring) cells(series uint32) iter.Seq[*cell] {
	return func(yield func(*cell) bool) {
		chunks := r.chunks(series)
		for n := range chunks {
			if k := chunks[n].Load(); k != nil && !yield(&k.cells[uint8(series)]) {
				return
			}
		}
	}
}
