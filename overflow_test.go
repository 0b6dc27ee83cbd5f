package zibrato_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/zibrato/zibrato"
	"github.com/zibrato/zibrato/internal/rodata"
	"github.com/zibrato/zibrato/zibratotest"
)

func TestPastMaxSeriesCallsCountOnOneSeriesOfEachKind(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{MaxSeries: 3})
	for i := range 10 {
		n := fmt.Sprint(i)
		rec.Count("c"+n, int64(i))
	}
	rec.Observe("t", 5e9)
	rec.NewUpDown("u").Add(-4)
	rec.Set("g", 9)
	rec.Record("d", 2.5)
	rec.NewCounterVec("v", []string{"k"}).With("1").Add(100)
	rec.DoErr("o", func() error { return nil })

	got := map[string]float64{}
	for _, s := range rec.Samples("zibrato.overflow") {
		got[s.Series.Kind.String()] += s.Value
	}
	if got["counter"] != 3+4+5+6+7+8+9+100 || got["updown"] != -4 || got["gauge"] != 9 || got["distribution"] != 2.5 || got["timer"] < 5 {
		t.Errorf("on the overflow series: %v", got)
	}
	if n := rec.Sum("c0") + rec.Sum("c1") + rec.Sum("c2"); n != 3 {
		t.Errorf("the series that came first have %v, want 3", n)
	}
	if n := rec.Calls("zibrato.overflow"); n != 7+5+1 {
		t.Errorf("%d calls on the overflow series, want 13", n)
	}
	if n := rec.Sum("zibrato.series.refused"); n != 14 {
		t.Errorf("%v series refused, want 14", n)
	}
	told := 0
	for _, n := range rec.Notices() {
		if strings.Contains(n, "3 series") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the bound is told %d times, want once", told)
	}
}

// An instrument on the overflow series obeys the level that it was made for.
func TestOverflowKeepsTheLevel(t *testing.T) {
	r := zibrato.New(zibrato.Config{MaxSeries: 1, AlwaysOn: []zibrato.Level{}})
	c := consume(t, r, only("info"))
	r.Inc("first")
	r.With(zibrato.AtLevel("debug")).Inc("second")
	r.Inc("third")
	if n, _ := totals(c.flushed(t), "zibrato.overflow"); n != 1 {
		t.Errorf("%d calls on the overflow series, want the one of info", n)
	}
}

// Names without end fill a recorder. Whatever hot code calls by a constant after that must not take the longest way, which has a lock and allocates, for ever.
func TestConstantsThatFoundNoRoomAreFoundLikeOthers(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{MaxSeries: 1})
	rec.Inc("first")
	vec := rec.NewCounterVec("vec", []string{"k", "l"})
	work := func() error { return nil }
	for name, call := range map[string]func(){
		"Inc":     func() { rec.Inc("constant") },
		"Time":    func() { rec.Time("constant")() },
		"DoErr":   func() { rec.DoErr("constant", work) },
		"Set":     func() { rec.Set("constant", 1) },
		"Record":  func() { rec.Record("constant", 1) },
		"Vec.Inc": func() { vec.With("a", "b").Inc() },
	} {
		call()
		refused := rec.Sum("zibrato.series.refused")
		for range 10 {
			call()
		}
		if more := rec.Sum("zibrato.series.refused") - refused; more != 0 && rodata.Holds("constant") {
			t.Errorf("%s looked for room %v times more", name, more)
		}
	}
	if n := rec.Calls("zibrato.overflow"); n != 6*11 {
		t.Errorf("%d calls on the overflow series, want %d", n, 6*11)
	}
}

func TestPartsOfAConstantWithoutEndTakeBoundedMemory(t *testing.T) {
	const text = "a constant of which calls are made by its parts, of which there are as many as half the square of its length, and that is more than are kept of what finds no room"
	rec := zibratotest.New(t, zibrato.Config{MaxSeries: 1})
	rec.Inc("first")
	parts := func() (n int) {
		for i := range len(text) {
			for j := i + 1; j <= len(text); j++ {
				rec.Inc(text[i:j])
				n++
			}
		}
		return n
	}
	n := parts()
	before, refused := heap(), rec.Sum("zibrato.series.refused")
	parts()
	if grown := int64(heap()) - int64(before); grown > 1<<20 {
		t.Errorf("calls by %d parts of a constant left %d bytes on the heap", n, grown)
	}
	if more := int(rec.Sum("zibrato.series.refused") - refused); more == 0 || more >= n && rodata.Holds(text) {
		t.Errorf("%d of %d parts looked for room again, want some, and not all", more, n)
	}
	if got := rec.Calls("zibrato.overflow"); got != uint64(2*n) {
		t.Errorf("%d calls on the overflow series, want %d", got, 2*n)
	}
}

func TestNamesBuiltAtRunTimeTakeBoundedMemory(t *testing.T) {
	rec := zibratotest.New(t, zibrato.Config{MaxSeries: 100})
	v := rec.NewCounterVec("v", []string{"k"})
	same := rec.NewCounterVec("same", []string{"k", "k"})
	calls := func(from int) {
		for i := range 50_000 {
			n := fmt.Sprintf("%0100d", from+i)
			rec.Inc(n)
			v.With(n).Inc()
			same.With(n, "x").Inc()
		}
	}
	calls(0)
	before := heap()
	calls(50_000)
	if grown := int64(heap()) - int64(before); grown > 2<<20 {
		t.Errorf("150,000 more calls with new names left %d bytes on the heap", grown)
	}
	var n uint64
	for _, s := range rec.Series() {
		if !strings.HasPrefix(s.Name, "zibrato.series") {
			n += rec.Calls(s.Name, s.Tags...)
		}
	}
	// The vectors' series share their names, so what was counted with the tag counts once.
	if n < 300_000 {
		t.Errorf("%d calls counted, want all 300,000", n)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
