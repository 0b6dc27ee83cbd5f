//go:build !amd64 || race || zibrato_portable

package ring

// prefetch is for processors that can be asked for a cache line.
func prefetch(uintptr) {}
