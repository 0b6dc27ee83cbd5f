//go:build linux && gc && !race && !zibrato_portable

package zibrato

// inc is known.inc of what the functions of the package found, as far as it needs no call: it finds the counter of a constant, and jumps
// to where the ring counts.
func inc(name string)

func incSlowly(name string) { stdKnown.inc(name) }
