package zibrato

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/zibrato/zibrato/metric"
)

// A configuration is taken by value, its slice too.
func TestTheCallerMayChangeItsLevelsAfterwards(t *testing.T) {
	levels := []Level{LevelDebug}
	r := New(Config{AlwaysOn: levels})
	levels[0] = "other"
	if _, err := r.Attach(func(*metric.Batch) {}); err != nil {
		t.Fatal(err)
	}
	if r.With(AtLevel(LevelDebug)).NewTimer("t").Start() == (Stopwatch{}) {
		t.Error("the level that was configured is not on")
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A recorder keeps its levels for ever, but not the body that a label was cut from.
func TestALevelIsACopyOfItsLabel(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	r := New(Config{})
	r.With(AtLevel(Level(body[10:20])))
	l := r.levels[Level(body[10:20])]
	if unsafe.StringData(string(l.label)) == unsafe.StringData(body[10:20]) {
		t.Error("the label is the caller's string")
	}
}
