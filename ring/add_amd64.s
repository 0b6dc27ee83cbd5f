//go:build linux && gc && !race && !zibrato_portable

#include "go_asm.h"
#include "textflag.h"

// See add_unheld.go for why this needs no lock, and for where these are known from.
#define g_stackguard0 0x10
#define g_m 0x30
#define m_p 0xd0
#define p_id 0

// func add(c *Cells, sum int64)
//
// It begins as functions of the compiler do, by asking whether the goroutine is to be stopped: a loop that does little but count would hardly be
// found elsewhere by the signal.
TEXT ·add(SB), NOSPLIT, $0-16
	CMPQ SP, g_stackguard0(R14)
	JLS  held
	MOVQ c+0(FP), BX
	MOVQ sum+8(FP), DI
	JMP  ·addHere(SB)

held:
	JMP ·addHeld(SB)

// func addHere(c *Cells, sum int64)
//
// From where it reads m, this goroutine has its P: it is the only one that writes to the cells of that P, until RET or the jump. R14 is the
// goroutine, since code of the compiler has called. On amd64 others see the stores in this order, see internal/release.
TEXT ·addHere(SB), NOSPLIT, $0-16
	MOVQ  g_m(R14), AX
	MOVQ  m_p(AX), AX
	MOVL  p_id(AX), AX
	MOVQ  Cells_column(BX), CX
	CMPL  AX, column_unheld(CX)         // before chunks: they are stored in the other order
	JAE   held                          // an unknown runtime, or no chunk for so many processors yet
	MOVQ  column_chunks(CX), DX
	MOVQ  (DX)(AX*8), AX                // the chunk
	TESTQ AX, AX
	JEQ   held
	MOVBLZX Cells_id(BX), SI            // id % chunkLen
	SHLQ  $4, SI                        // cells of 16 bytes
	INCQ  (chunk_cells+cell_count)(AX)(SI*1)
	ADDQ  DI, (chunk_cells+cell_sum)(AX)(SI*1)
	MOVQ  $1, chunk_changed(AX)         // passes them on to the drain
	MOVQ  column_ring(CX), CX
	CMPL  Ring_asleep(CX), $0
	JNE   rouse
	RET

held:
	JMP ·addHeld(SB)

rouse:
	JMP ·addRouse(SB)
