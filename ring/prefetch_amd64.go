//go:build !race && !zibrato_portable

package ring

// prefetch asks for the cache line at an address, to write to it. It waits for nothing, and any address will do.
func prefetch(at uintptr)
