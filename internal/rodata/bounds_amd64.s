//go:build !zibrato_portable

#include "textflag.h"

// func bounds() (begin unsafe.Pointer, end uintptr)
TEXT ·bounds(SB), NOSPLIT, $0-16
	LEAQ runtime·rodata(SB), AX
	MOVQ AX, begin+0(FP)
	LEAQ runtime·erodata(SB), AX
	MOVQ AX, end+8(FP)
	RET
