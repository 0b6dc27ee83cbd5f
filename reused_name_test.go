//go:build !race

package zibrato_test

import (
	"testing"
	"unsafe"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/metric"
)

// Names may lie in a buffer that the caller uses again for the next one, as servers do with what they read: what is kept is a copy. Past the
// bound, names cost time and no memory.
func TestMillionsOfNamesInOneBufferTakeNoMemory(t *testing.T) {
	const series, names = 50, 1_000_000
	r := zibrato.New(zibrato.Config{MaxSeries: 2 * series})
	c := consume(t, r, only("info"))
	v := r.NewCounterVec("v", []string{"k"})
	buf := []byte("n0000000")
	calls := func(n int) {
		for i := range n {
			for at := len(buf) - 1; at > 0; at, i = at-1, i/10 {
				buf[at] = byte('0' + i%10)
			}
			name := unsafe.String(&buf[0], len(buf))
			r.Inc(name)
			v.With(name).Inc()
		}
	}
	calls(names / 10)
	before := heap()
	calls(names)
	if grown := int64(heap()) - int64(before); grown > 256<<10 {
		t.Errorf("%d names left %d bytes on the heap", 2*names, grown)
	}
	var overflow, first uint64
	for _, e := range lastEntries(c.flushed(t)) {
		switch {
		case e.Series.Name == "zibrato.overflow":
			overflow += e.After.Count
		case e.Series.Name == "v" || e.Series.Name[0] == 'n':
			first += e.After.Count
			if e.After.Count != 2 {
				t.Errorf("%s %v was called %d times, want 2", e.Series.Name, e.Series.Tags, e.After.Count)
			}
		}
	}
	if all := uint64(2 * (names + names/10)); first != 2*2*series || overflow != all-first {
		t.Errorf("%d calls on their own series and %d on the overflow series, want %d and %d", first, overflow, 2*2*series, all-2*2*series)
	}
}

// lastEntries returns the last entry of each series.
func lastEntries(batches []metric.Batch) map[uint32]metric.Entry {
	last := map[uint32]metric.Entry{}
	for _, b := range batches {
		for _, e := range b.Entries {
			last[e.ID] = e
		}
	}
	return last
}
