//go:build !race && !zibrato_portable

#include "textflag.h"

// The assembler does not know PREFETCHW (AX): 0F 0D /1 (AMD APM vol. 3; Intel SDM vol. 2B). Processors that do not have it take it for a NOP.

// func prefetch(at uintptr)
TEXT ·prefetch(SB), NOSPLIT, $0-8
	MOVQ at+0(FP), AX
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08
	RET
