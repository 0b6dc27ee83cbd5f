//go:build (amd64 || arm64) && !zibrato_portable

package rodata

// bounds returns the linker's symbols runtime.rodata and runtime.erodata, between which it lays constants.
func bounds() (begin, end uintptr)
