//go:build !race

package ring_test

// stress is how many calls a producer makes.
const stress = 1_000_000
