//go:build (linux || darwin) && !zibrato_portable

#include "textflag.h"
#include "go_asm.h"

// Plain RDTSC: it may move by some instructions, which RDTSCP or a fence would prevent at several times the price of what is measured.

// func Ticks() int64
TEXT ·Ticks(SB), NOSPLIT, $0-8
	CMPL ·shared+words_counts(SB), $0
	JEQ  fallback
	RDTSC
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

fallback:
	JMP ·monotonic(SB)

// func counter() int64
TEXT ·counter(SB), NOSPLIT, $0-8
	RDTSC
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func cpuid(leaf uint32) (a, d uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-16
	MOVL leaf+0(FP), AX
	XORL CX, CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL DX, d+12(FP)
	RET
