//go:build linux && gc && !race && !zibrato_portable

#include "go_asm.h"
#include "textflag.h"

// See unheld.go for why this needs no lock, and for where these are known from.
#define g_stackguard0 0x10
#define g_m 0x30
#define m_p 0xd0
#define p_id 0

#define rate github·com∕zibrato∕zibrato∕internal∕clock·shared+const_clockRate
#define empty github·com∕zibrato∕zibrato∕internal∕clock·shared+const_clockEmpty

// The assembler does not know PREFETCHW (AX): 0F 0D /1 (AMD APM vol. 3; Intel SDM vol. 2B). Processors that do not have it take it for a NOP.
#define PREFETCHW BYTE $0x0F; BYTE $0x0D; BYTE $0x08

// CHUNK leaves in to the chunk of the column at CX on processor AX. DX is column_unheld. It changes DX.
#define CHUNK(to) \
	CMPL  AX, DX; \
	JAE   held; \
	MOVQ  column_chunks(CX), DX; \
	MOVQ  (DX)(AX*8), to; \
	TESTQ to, to; \
	JEQ   held

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
	MOVQ  Cells_column(BX), CX
	MOVL  column_unheld(CX), DX         // before chunks: they are stored in the other order
	TESTL DX, DX
	JEQ   held                          // the runtime is not known, and what follows may be anywhere; or there is no chunk yet
	MOVQ  g_m(R14), AX
	MOVQ  m_p(AX), AX
	MOVL  p_id(AX), AX
	CHUNK(AX)
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

// func put(r *Ring, rec metric.Record, o Overflow) bool
TEXT ·put(SB), NOSPLIT, $0-33
	CMPQ SP, g_stackguard0(R14)
	JLS  held
	MOVQ r+0(FP), BX
	MOVL rec_Series+8(FP), R8           // as it was stored: what was stored by halves is slow to load whole
	MOVL rec_Time+12(FP), R9
	MOVQ rec_Value+16(FP), R10
	MOVBLZX o+24(FP), R11
	JMP  ·putHere(SB)

held:
	JMP ·putHeld(SB)

// ARGUMENTS puts the arguments where functions of the compiler look for them.
#define ARGUMENTS \
	MOVQ BX, r+0(FP); \
	MOVL R8, rec_Series+8(FP); \
	MOVL R9, rec_Time+12(FP); \
	MOVQ R10, rec_Value+16(FP); \
	MOVB R11, o+24(FP)

// func putHere(r *Ring, rec metric.Record, o Overflow) bool
//
// As with addHere. The arguments are in registers: see unheld.go.
TEXT ·putHere(SB), NOSPLIT, $0-33
	MOVL  Ring_unheld(BX), DX           // before shards: they are stored in the other order
	TESTL DX, DX
	JEQ   held                          // the runtime is not known, or there is no shard yet
	MOVQ  g_m(R14), AX
	MOVQ  m_p(AX), AX
	MOVL  p_id(AX), AX
	CMPL  AX, DX
	JAE   held
	MOVQ  Ring_shards(BX), CX
	MOVQ  (CX)(AX*8), CX                // the shard
	TESTQ CX, CX
	JEQ   held
	MOVQ  shard_n(CX), DX
	CMPQ  DX, $const_segmentLen
	JAE   full
	MOVQ  shard_tail(CX), SI
	MOVQ  DX, DI
	SHLQ  $4, DI                        // records of 16 bytes
	MOVL  R8, segment_records(SI)(DI*1) // series
	MOVL  R9, (segment_records+4)(SI)(DI*1) // time
	MOVQ  R10, (segment_records+8)(SI)(DI*1) // value
	INCQ  DX
	MOVQ  DX, shard_n(CX)
	MOVQ  DX, segment_committed(SI)     // passes the record to the drain

	// segment.fetch
	TESTQ $(4*16-1), DI
	JNE   fetched
	CMPQ  DI, $(const_segmentLen*16-const_fetchAhead)
	JAE   fetched
	LEAQ  (segment_records+const_fetchAhead)(SI)(DI*1), AX
	PREFETCHW
fetched:
	CMPL Ring_asleep(BX), $0
	JNE  rouse
	MOVB $1, ret+32(FP)
	RET

full:
	// Where the pool is empty, too, the call is counted as by chunk.add.
	CMPL  Ring_dry(BX), $0
	JEQ   held                          // there is another segment
	MOVL  R8, DX
	SHRL  $const_chunkShift, DX
	ANDL  Ring_mask(BX), DX
	MOVQ  Ring_columns(BX), CX
	MOVQ  (CX)(DX*8), CX                // the column
	TESTQ CX, CX
	JEQ   held
	MOVL  column_unheld(CX), DX         // see addHere
	CHUNK(CX)
	MOVBLZX R8, SI                      // series % chunkLen
	SHLQ  $4, SI
	INCQ  (chunk_cells+cell_count)(CX)(SI*1)
	CMPL  R11, $const_Float
	JHI   counted
	JEQ   float
	CMPL  R11, $const_Int
	JEQ   sum

	// clock.Span
	SUBQ  empty(SB), R10
	JPL   long
	XORL  R10, R10
long:
	MOVQ  R10, AX
	MULQ  rate(SB)
	SHRQ  $const_clockFraction, DX, AX  // leaves the first bit that does not count in the carry
	ADCQ  $0, AX
	MOVQ  AX, R10

sum:
	ADDQ  R10, (chunk_cells+cell_sum)(CX)(SI*1)
	JMP   counted

float:
	MOVQ  (chunk_cells+cell_sum)(CX)(SI*1), X0
	MOVQ  R10, X1
	ADDSD X1, X0
	MOVQ  X0, DX
	SUBSD X0, X0
	UCOMISD X0, X0
	JPS   counted                       // the sum is not finite
	MOVQ  DX, (chunk_cells+cell_sum)(CX)(SI*1)

counted:
	MOVQ $1, chunk_changed(CX)          // passes them on to the drain
	CMPL Ring_asleep(BX), $0
	JNE  rouseCounted
	MOVB $0, ret+32(FP)
	RET

held:
	ARGUMENTS
	JMP ·putHeld(SB)

rouse:
	ARGUMENTS
	JMP ·putRouse(SB)

rouseCounted:
	ARGUMENTS
	JMP ·countRouse(SB)
