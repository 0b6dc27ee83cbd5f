//go:build !zibrato_portable

#include "textflag.h"

// func bounds() (begin unsafe.Pointer, end uintptr)
TEXT ·bounds(SB), NOSPLIT, $0-16
	MOVD $runtime·rodata(SB), R0
	MOVD R0, begin+0(FP)
	MOVD $runtime·erodata(SB), R0
	MOVD R0, end+8(FP)
	RET
