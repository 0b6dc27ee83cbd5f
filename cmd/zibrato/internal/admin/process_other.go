//go:build !linux

package admin

// usage is known on Linux only.
func usage() (used, bool) { return used{}, false }
