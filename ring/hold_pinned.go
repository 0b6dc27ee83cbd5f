//go:build !race && !zibrato_portable

package ring

import (
	"runtime"
	_ "unsafe" // for go:linkname
)

// procPin keeps the goroutine on its P, unpreempted, and returns the P's number: between procPin and procUnpin it is the
// only one that runs there, and what it wrote is seen by the next one that does: a P comes to another thread only through
// the scheduler's own synchronisation. The Go team keeps both names for those who link to them, see
// https://go.dev/issue/67401. In between nothing may panic, allocate, block or call what is not ours.
//
//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// holder is what a shard needs to be held: nothing.
type holder struct{}

// hold pins, and returns the number of this P's shard, which may not exist yet. It must be followed by release in any case.
func (r *Ring) hold() int {
	_ = &r.count // a nil Ring panics here, where recover helps
	return procPin()
}

func (r *Ring) release(*shard) { procUnpin() }

// addShard makes shards for all Ps up to the present one.
func (r *Ring) addShard() {
	p := procPin()
	procUnpin()
	r.extend(max(p+1, runtime.GOMAXPROCS(0)))
}
