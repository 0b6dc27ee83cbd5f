#include "textflag.h"

// Each is told that BX points to a T, and R14 to another.

TEXT ·good(SB), NOSPLIT, $0-8
	MOVQ 40(R14), AX
	MOVL 56(BX), CX
	MOVQ 72(BX), DX
	CMPL CX, $0
	JEQ  none
	MOVQ $1, 8(AX)
	MOVQ $1, (AX)
none:
	RET

TEXT ·goodTail(SB), NOSPLIT, $0-8
	MOVQ 48(BX), AX
	TESTQ AX, AX
	JNE  there
	JMP  ·other(SB)
there:
	MOVQ $1, 8(AX)
	MOVQ $1, (AX)
	RET

TEXT ·goodClock(SB), NOSPLIT, $0-8
	MOVQ 40(R14), CX
	RDTSC
	MOVQ DX, 8(CX)
	MOVQ $1, (CX)
	RET

TEXT ·badClock(SB), NOSPLIT, $0-8
	MOVQ 40(R14), AX
	RDTSC
	MOVQ $1, 8(AX) // want: not shown where
	RET

TEXT ·badClockTwo(SB), NOSPLIT, $0-8
	MOVQ 40(R14), DX
	RDTSC
	MOVQ $1, 8(DX) // want: not shown where
	RET

TEXT ·badNil(SB), NOSPLIT, $0-8
	MOVQ 48(BX), AX
	MOVQ 16(AX), AX // want: may be nil
	RET

TEXT ·badIndex(SB), NOSPLIT, $0-8
	MOVQ x+0(FP), AX
	MOVQ (BX)(AX*8), AX // want: not shown where
	RET

TEXT ·badOffset(SB), NOSPLIT, $0-8
	MOVQ 90(R14), AX // want: it may access bytes 90 to 97
	RET

TEXT ·badUnpublished(SB), NOSPLIT, $0-8
	MOVQ $1, 8(BX)
	RET // want: a T was written to and not passed on

TEXT ·badOrder(SB), NOSPLIT, $0-8
	MOVQ $1, (BX)
	MOVQ $1, 8(BX) // want: after the word that passes it on
	MOVQ $1, (BX)
	RET

TEXT ·badLoop(SB), NOSPLIT, $0-8
	MOVL 56(BX), CX
again:
	DECL CX // want: a loop while pinned
	JNE  again
	RET

TEXT ·badCall(SB), NOSPLIT, $8-8
	CALL ·other(SB) // want: a call that is not allowed
	RET

TEXT ·badLock(SB), NOSPLIT, $0-8
	LOCK // want: not on the list
	INCQ 80(BX)
	RET

TEXT ·badDivision(SB), NOSPLIT, $0-8
	DIVQ 80(BX) // want: not on the list
	RET

TEXT ·badStack(SB), NOSPLIT, $0-8
	CMPQ SP, 16(R14) // want: it checks the stack
	JLS  more
	RET
more:
	JMP  ·other(SB)
