//go:build race

package ring_test

// stress is how many calls a producer makes. The race detector makes each a hundred times dearer.
const stress = 50_000
