//go:build (amd64 || arm64) && !zibrato_portable

package rodata

import "unsafe"

// bounds returns the linker's symbols runtime.rodata and runtime.erodata, between which it lays constants.
func bounds() (begin unsafe.Pointer, end uintptr)
