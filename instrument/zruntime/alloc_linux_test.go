//go:build !race

// The race detector allocates on its own.

package zruntime

import "testing"

// A reading is no hot path, but must not make work for the collector that it reports on: what it allocates are the contents of a file of /proc and, before
// Linux 6.2, the names of open files.
func TestAllocationsOfAReading(t *testing.T) {
	_, c := start(t)
	if n := testing.AllocsPerRun(20, c.Read); n > 60 {
		t.Errorf("%v allocations, want at most 60", n)
	}
}
