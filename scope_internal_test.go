package zibrato

import (
	"runtime"
	"testing"

	"github.com/zibrato/zibrato/metric"
)

// Programs may make a scope for each request. The level remembers those that are still in use, and switches them.
func TestForgottenScopesAreForgotten(t *testing.T) {
	r := New(Config{})
	defer r.Close()
	kept := r.With(AtLevel("debug"))
	l := r.levels["debug"]
	for range 50 {
		for range 1000 {
			r.With(AtLevel("debug"))
		}
		runtime.GC()
	}
	if n := len(l.scopes); n > 5000 {
		t.Errorf("of 50,000 scopes that nobody has any more %d are remembered", n)
	}
	tap, err := r.Attach(func(*metric.Batch) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, true, false} {
		tap.Watch(nil, func(l Level) bool { return on && l == "debug" })
		if kept.Watched() != on || r.With(AtLevel("debug")).Watched() != on {
			t.Errorf("debug is watched: %t; a scope of before has it %t", on, kept.Watched())
		}
	}
	runtime.KeepAlive(kept)
}
