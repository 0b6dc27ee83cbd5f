// Package harness is what the benchmarks of this tree share: comparing in turns for as long as -benchtime says, loads that are paced or keep every
// processor busy, latencies, and a consumer that keeps a recorder recording.
package harness
