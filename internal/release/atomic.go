//go:build !amd64 || race || zibrato_portable

package release

import "go.uber.org/atomic"

// Store stores a word that another goroutine loads atomically: whoever sees it sees all that was written before it.
func Store(p *atomic.Uint64, v uint64) { p.Store(v) }
