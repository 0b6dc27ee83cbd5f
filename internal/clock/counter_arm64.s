//go:build (linux || darwin) && !zibrato_portable

#include "textflag.h"
#include "go_asm.h"

// func Ticks() int64
TEXT ·Ticks(SB), NOSPLIT, $0-8
	MOVD  $·shared+words_counts(SB), R0
	LDARW (R0), R1 // acquires what was stored before the word went back to 0
	CBZW  R1, fallback
	MRS   CNTVCT_EL0, R0
	MOVD  R0, ret+0(FP)
	RET

fallback:
	JMP ·monotonic(SB)

// func counter() int64
TEXT ·counter(SB), NOSPLIT, $0-8
	MRS  CNTVCT_EL0, R0
	MOVD R0, ret+0(FP)
	RET
