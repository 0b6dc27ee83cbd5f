//go:build !linux || !amd64 || !gc || race || zibrato_portable

package ring

import "github.com/zibrato/zibrato/metric"

// unheld: see unheld.go.
const unheld = false

func put(r *Ring, rec metric.Record, o Overflow) bool { return r.putHolding(rec, o) }

func add(c *Cells, sum int64) { addHeld(c, sum) }
