//go:build !linux || !amd64 || !gc || race || zibrato_portable

package zibrato

func inc(name string) { stdKnown.inc(name) }
