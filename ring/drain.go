package ring

import (
	"math"

	"github.com/zibrato/zibrato/metric"
)

// extend makes shards up to number n-1.
func (r *Ring) extend(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := *r.shards.Load()
	if n <= len(old) {
		return
	}
	grown := make([]*shard, n)
	copy(grown, old)
	for i := len(old); i < n; i++ {
		first := new(segment) // beside the pool: a shard always has one
		grown[i] = &shard{tail: first, head: first, cells: newCells(r.chunks)}
	}
	r.shards.Store(&grown) // hands the new shards to producers and drain
}

// Drain visits the records that were committed when it looked, shard after shard, each shard's in the order in which they were put. The slice is
// lent for the call. It returns how many records it visited.
func (r *Ring) Drain(visit func([]metric.Record)) (visited int) {
	for _, s := range *r.shards.Load() {
		for range maxSegmentsPerPass { // a producer as fast as the drain must not keep it here
			// Reading committed takes over the records below it.
			n := uint(s.head.committed.Load())
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

const maxSegmentsPerPass = 64

// Cell returns the calls and the integer sum that a series has in all cells.
func (r *Ring) Cell(series uint32) (count uint64, sum int64) {
	for _, s := range *r.shards.Load() {
		if c := s.cells[series/chunkLen].Load(); c != nil {
			count += c[series%chunkLen].count.Load()
			sum += int64(c[series%chunkLen].sum.Load())
		}
	}
	return count, sum
}

// CellFloat returns the calls and the float64 sum that a series has in all cells.
func (r *Ring) CellFloat(series uint32) (count uint64, sum float64) {
	for _, s := range *r.shards.Load() {
		if c := s.cells[series/chunkLen].Load(); c != nil {
			count += c[series%chunkLen].count.Load()
			sum += math.Float64frombits(c[series%chunkLen].sum.Load())
		}
	}
	return count, sum
}
