//go:build !linux || !cgo

package tcp

// Identify knows no socket here.
func Identify(int) (Identity, bool) { return 0, false }

// FlowOf knows no connection here.
func FlowOf(int) (Flow, bool) { return Flow{}, false }

// Reset does nothing here.
func Reset(int) {}

// Mute does nothing here.
func Mute(int, bool) {}
