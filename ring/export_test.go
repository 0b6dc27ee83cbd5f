package ring

import (
	"time"
	"unsafe"

	"github.com/zibrato/zibrato/metric"
)

// ShardOf returns the number of the shard whose records are being visited.
func (r *Ring) ShardOf(records []metric.Record) int {
	first := uintptr(unsafe.Pointer(&records[0]))
	for n, s := range r.all() {
		begin := uintptr(unsafe.Pointer(&s.head.records))
		if begin <= first && first < begin+unsafe.Sizeof(s.head.records) {
			return n
		}
	}
	return -1
}

// Made returns how many segments the pool has made, and how many of them nobody uses.
func (r *Ring) Made() (made, free int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made, len(r.free)
}

// FreeAreEmpty reports whether the segments that nobody uses are as new ones are.
func (r *Ring) FreeAreEmpty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.free {
		if s.committed.Load() != 0 || s.next.Load() != nil {
			return false
		}
	}
	return true
}

// PutHolding is Put by a holder.
func (r *Ring) PutHolding(rec metric.Record, o Overflow) bool { return r.putHolding(rec, o) }

// PatientFor sets for how long producers yield until the drain comes. See makesWay.
func (r *Ring) PatientFor(d time.Duration) { r.patient = d }
