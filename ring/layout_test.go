//go:build linux && amd64 && gc && !race && !zibrato_portable

package ring

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/zibrato/zibrato/internal/line"
	"github.com/zibrato/zibrato/metric"
)

// See line.Stored, also for what has no place of its own.
func TestWhatCallsStoreIsNotWhereTheyLoad(t *testing.T) {
	var (
		r Ring
		s shard
		g segment
		k chunk
		c column
	)
	for name, at := range map[string]uintptr{
		"shard.n": unsafe.Offsetof(s.n), "segment.committed": unsafe.Offsetof(g.committed), "chunk.changed": unsafe.Offsetof(k.changed),
	} {
		if at%line.Size != line.Stored {
			t.Errorf("%s, which calls store, is at %d of its line, want %d", name, at%line.Size, line.Stored)
		}
	}
	for name, at := range map[string]uintptr{
		"Ring.count": unsafe.Offsetof(r.count), "Ring.dry": unsafe.Offsetof(r.dry), "Ring.asleep": unsafe.Offsetof(r.asleep), "Ring.unheld": unsafe.Offsetof(r.unheld),
		"Ring.shards": unsafe.Offsetof(r.shards), "Ring.columns": unsafe.Offsetof(r.columns), "Ring.mask": unsafe.Offsetof(r.mask), "shard.tail": unsafe.Offsetof(s.tail),
		"column.count": unsafe.Offsetof(c.count), "column.unheld": unsafe.Offsetof(c.unheld), "column.chunks": unsafe.Offsetof(c.chunks), "column.ring": unsafe.Offsetof(c.ring),
	} {
		if at%line.Size >= line.Stored {
			t.Errorf("%s, which calls load, is at %d of its line, want it before %d", name, at%line.Size, line.Stored)
		}
	}
	if at := unsafe.Offsetof(g.records) % line.Size; at != 0 || line.Size%recordBytes != 0 {
		t.Errorf("records of %d bytes begin at %d of a line: some lie in two", recordBytes, at)
	}
}

// The allocator puts them where the offsets mean something.
func TestObjectsBeginWithALine(t *testing.T) {
	var rings []*Ring
	for range 50 {
		r := New(SegmentBytes, 1)
		r.Put(metric.Record{}, CountOnly)
		r.Add(0, 1)
		rings = append(rings, r)
		begins := func(what string, p unsafe.Pointer) {
			if off := uintptr(p) % line.Size; off != 0 {
				t.Fatalf("a %s begins at %d of a line", what, off)
			}
		}
		begins("ring", unsafe.Pointer(r))
		begins("column", unsafe.Pointer(r.columnAt(0).Load()))
		for _, s := range r.all() {
			begins("shard", unsafe.Pointer(s))
			begins("segment", unsafe.Pointer(s.tail))
		}
		for i := range r.chunks(0) {
			begins("chunk", unsafe.Pointer(r.chunks(0)[i].Load())) // or nil: nobody has counted there
		}
	}
	runtime.KeepAlive(rings) // all of them, so that no place is used twice
}
