package measure

import (
	"math"
	"time"
)

// Spin is work that touches no memory: n steps that each wait for the one before. Use its result, or it may be optimised away.
//
//go:noinline
func Spin(n int) uint64 {
	x := uint64(88172645463325252)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// SpinsFor returns how many steps of [Spin] take so long on this machine, undisturbed.
func SpinsFor(d time.Duration) int {
	const steps, tries = 10_000, 20
	least := math.Inf(1)
	for range tries {
		begun := time.Now()
		spun += Spin(steps)
		least = min(least, float64(time.Since(begun))/steps)
	}
	return max(int(float64(d)/least+0.5), 1)
}

var spun uint64
