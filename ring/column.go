package ring

import (
	"unsafe"

	"go.uber.org/atomic"
)

// column holds the chunks of neighbouring series on all shards. It is made once for these series and stays. What it points to is written under the
// ring's mutex, and read by producers and the drain at any time.
type column struct {
	// chunks points to the first of count pointers, by shard. Both grow and never shrink; the pointers are stored before the count, see Ring.shards.
	count  atomic.Uint32
	unheld atomic.Uint32 // the count, or 0 where nobody may add without holding a shard. See Cells.Add
	chunks atomic.Pointer[atomic.Pointer[chunk]]
	ring   *Ring

	_ [32]byte // a whole line, on amd64
}

func (r *Ring) allColumns() []atomic.Pointer[column] {
	if r.columns == nil {
		return nil
	}
	return unsafe.Slice(r.columns, r.mask+1)
}

// columnAt returns where the column of a series is. The mask keeps it within the table, whatever the series.
func (r *Ring) columnAt(series uint32) *atomic.Pointer[column] {
	at := uintptr(series / chunkLen & r.mask)
	return (*atomic.Pointer[column])(unsafe.Add(unsafe.Pointer(r.columns), at*unsafe.Sizeof(atomic.Pointer[column]{})))
}

// chunk returns the chunk that holds a series on a shard, or nil when there is none yet. It cannot panic.
func (r *Ring) chunk(series uint32, shard int) *chunk {
	c := r.columnAt(series).Load()
	if c == nil || uint(shard) >= uint(c.count.Load()) {
		return nil
	}
	return (*atomic.Pointer[chunk])(unsafe.Add(unsafe.Pointer(c.chunks.Load()), uintptr(shard)*unsafe.Sizeof(atomic.Pointer[chunk]{}))).Load()
}

// all returns a column's chunks, some of which may be nil.
func (c *column) all() []atomic.Pointer[chunk] {
	if c == nil {
		return nil
	}
	n := c.count.Load()
	return unsafe.Slice(c.chunks.Load(), n)
}

// chunks returns the chunks of a series on all shards.
func (r *Ring) chunks(series uint32) []atomic.Pointer[chunk] {
	if r.columns == nil {
		return nil
	}
	return r.columnAt(series).Load().all()
}

// column returns the column of a series, and makes it when there is none. The caller holds mu.
func (r *Ring) column(series uint32) *column {
	at := r.columnAt(series)
	if at.Load() == nil {
		at.Store(&column{ring: r})
	}
	return at.Load()
}

// addChunk makes the chunk that holds a series on a shard.
func (r *Ring) addChunk(series uint32, shard int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.column(series)
	old := c.all()
	if shard >= len(old) {
		grown := make([]atomic.Pointer[chunk], max(shard+1, int(r.count.Load())))
		for i := range old {
			grown[i].Store(old[i].Load()) // who still reads the old table finds the same chunks in it; nobody adds to it any more
		}
		c.chunks.Store(&grown[0])
		c.count.Store(uint32(len(grown)))
		if unheld {
			c.unheld.Store(uint32(len(grown)))
		}
		old = grown
	}
	if old[shard].Load() == nil {
		old[shard].Store(new(chunk)) // hands the zeroed cells to the shard's holder and to the drain
	}
}
