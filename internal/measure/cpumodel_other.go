//go:build !linux && !darwin

package measure

// cpuModel returns "": the system tells it in no way that we know.
func cpuModel() string { return "" }
