//go:build linux && amd64 && gc && !race && !zibrato_portable

package zibrato

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/zibrato/zibrato/internal/line"
)

// See line.Stored.
func TestWhatGaugesStoreIsNotWhereTheyLoad(t *testing.T) {
	var (
		s series
		g Gauge
	)
	if at := unsafe.Offsetof(s.last) % line.Size; at != line.Stored {
		t.Errorf("series.last, which all cores store, is at %d of its line, want %d", at, line.Stored)
	}
	if at := unsafe.Offsetof(s.r) % line.Size; at != 0 {
		t.Errorf("series.r shares the line of series.last")
	}
	for name, at := range map[string]uintptr{"on": unsafe.Offsetof(g.on), "id": unsafe.Offsetof(g.id), "ring": unsafe.Offsetof(g.ring), "s": unsafe.Offsetof(g.s)} {
		if at%line.Size >= line.Stored {
			t.Errorf("Gauge.%s, which Set loads, is at %d of its line, want it before %d", name, at%line.Size, line.Stored)
		}
	}
	var all []any
	for range 50 {
		g, s := new(Gauge), new(series)
		all = append(all, g, s)
		for what, p := range map[string]unsafe.Pointer{"gauge": unsafe.Pointer(g), "series": unsafe.Pointer(s)} {
			if off := uintptr(p) % line.Size; off != 0 {
				t.Fatalf("a %s begins at %d of a line", what, off)
			}
		}
	}
	runtime.KeepAlive(all) // so that no place is used twice
}
