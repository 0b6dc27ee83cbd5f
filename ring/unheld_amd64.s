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
#define counts github·com∕zibrato∕zibrato∕internal∕clock·shared+const_clockCounts

// The assembler does not know PREFETCHW (AX): 0F 0D /1 (AMD APM vol. 3; Intel SDM vol. 2B). Processors that do not have it take it for a NOP.
#define PREFETCHW BYTE $0x0F; BYTE $0x0D; BYTE $0x08

// PROCESSOR leaves in to the number of the P.
#define PROCESSOR(to) \
	MOVQ g_m(R14), to; \
	MOVQ m_p(to), to; \
	MOVL p_id(to), to

// CHUNK leaves in to the chunk of processor p, of the column at CX which knows DX of them, or goes to none. It changes DX.
#define CHUNK(p, to, none) \
	CMPL  p, DX; \
	JAE   none; \
	MOVQ  column_chunks(CX), DX; \
	MOVQ  (DX)(p*8), to; \
	TESTQ to, to; \
	JEQ   none

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
	PROCESSOR(AX)
	CHUNK(AX, AX, held)
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

// SHARD leaves in SI the segment that this P's shard of the ring at BX writes to, in DI how many records it has, in R12 the place of the next one, in
// CX the shard, and in R13 the number of the P; where there is no room it goes to full, and where a holder is needed to held. It changes DX.
#define SHARD \
	MOVL  Ring_unheld(BX), DX; /* before shards: they are stored in the other order */ \
	TESTL DX, DX; \
	JEQ   held; /* the runtime is not known, or there is no shard yet */ \
	PROCESSOR(R13); \
	CMPL  R13, DX; \
	JAE   held; \
	MOVQ  Ring_shards(BX), CX; \
	MOVQ  (CX)(R13*8), CX; \
	TESTQ CX, CX; \
	JEQ   held; \
	MOVQ  shard_n(CX), DI; \
	CMPQ  DI, $const_segmentLen; \
	JAE   full; \
	MOVQ  shard_tail(CX), SI; \
	MOVQ  DI, R12; \
	SHLQ  $4, R12; /* records of 16 bytes */ \
	ADDQ  SI, R12

// PUT puts a record where SHARD has found room, and returns, or goes to rouse. It changes AX.
#define PUT \
	MOVL  R8, segment_records(R12); /* series */ \
	MOVL  R9, (segment_records+4)(R12); /* time */ \
	MOVQ  R10, (segment_records+8)(R12); /* value */ \
	LEAQ  1(DI), AX; \
	MOVQ  AX, shard_n(CX); \
	MOVQ  AX, segment_committed(SI); /* passes the record to the drain */ \
	/* segment.fetch */ \
	TESTQ $(4-1), DI; \
	JNE   fetched; \
	CMPQ  DI, $(const_segmentLen-const_fetchAhead/16); \
	JAE   fetched; \
	LEAQ  (segment_records+const_fetchAhead)(R12), AX; \
	PREFETCHW; \
fetched: \
	CMPL  Ring_asleep(BX), $0; \
	JNE   rouse; \
	MOVB  $1, ret+32(FP); \
	RET

// COUNT counts the call where SHARD has found no room, as chunk.add does, and returns, or goes to rouseCounted; or, with the arguments as they were, to none. It takes the P in R13
// from SHARD.
#define COUNT(none) \
	CMPL  Ring_dry(BX), $0; \
	JEQ   none; /* there is another segment */ \
	MOVL  R8, DX; \
	SHRL  $const_chunkShift, DX; \
	ANDL  Ring_mask(BX), DX; \
	MOVQ  Ring_columns(BX), CX; \
	MOVQ  (CX)(DX*8), CX; /* the column */ \
	TESTQ CX, CX; \
	JEQ   none; \
	MOVL  column_unheld(CX), DX; /* see addHere */ \
	CHUNK(R13, CX, none); \
	MOVBLZX R8, SI; /* series % chunkLen */ \
	SHLQ  $4, SI; \
	INCQ  (chunk_cells+cell_count)(CX)(SI*1); \
	CMPL  R11, $const_Float; \
	JHI   counted; \
	JEQ   float; \
	CMPL  R11, $const_Int; \
	JEQ   sum; \
	/* clock.Span */ \
	SUBQ  empty(SB), R10; \
	JPL   long; \
	XORL  R10, R10; \
long: \
	MOVQ  R10, AX; \
	MULQ  rate(SB); \
	SHRQ  $const_clockFraction, DX, AX; /* leaves the first bit that does not count in the carry */ \
	ADCQ  $0, AX; \
	MOVQ  AX, R10; \
sum: \
	ADDQ  R10, (chunk_cells+cell_sum)(CX)(SI*1); \
	JMP   counted; \
float: \
	MOVQ  (chunk_cells+cell_sum)(CX)(SI*1), X0; \
	MOVQ  R10, X1; \
	ADDSD X1, X0; \
	MOVQ  X0, DX; \
	SUBSD X0, X0; \
	UCOMISD X0, X0; \
	JPS   counted; /* the sum is not finite */ \
	MOVQ  DX, (chunk_cells+cell_sum)(CX)(SI*1); \
counted: \
	MOVQ $1, chunk_changed(CX); /* passes them on to the drain */ \
	CMPL Ring_asleep(BX), $0; \
	JNE  rouseCounted; \
	MOVB $0, ret+32(FP); \
	RET

// STOP leaves in R9 the time of a timing's record, and in R10, where its start is, its value; where the counter is not to be read it goes to held, with the start
// still there. It changes AX and DX.
#define STOP \
	CMPL counts(SB), $0; \
	JEQ  held; \
	RDTSC; \
	SHLQ $32, DX; \
	ORQ  DX, AX; \
	MOVQ AX, R9; \
	SHRQ $const_coarseShift, R9; \
	ORL  $1, R9; \
	SUBQ R10, AX; \
	MOVQ AX, R10

// ELSE is where PUT and COUNT go: to none where a holder is needed for a record that is known.
#define ELSE(none) \
none: \
	ARGUMENTS; \
	JMP ·putHeld(SB); \
rouse: \
	ARGUMENTS; \
	JMP ·putRouse(SB); \
rouseCounted: \
	ARGUMENTS; \
	JMP ·countRouse(SB)

// func stopHere(r *Ring, rec metric.Record, o Overflow) bool
//
// As with addHere. The arguments are in registers: see unheld.go. The clock is read when the place of the record is known: what comes after a reading waits for it, and the
// look-ups before do not.
TEXT ·stopHere(SB), NOSPLIT, $0-33
	SHARD
	STOP
	PUT

full:
	STOP
	MOVL $const_Ticks, R11
	COUNT(stopped)

held:
	ARGUMENTS
	JMP ·stopHeld(SB)

	ELSE(stopped)

// func putHere(r *Ring, rec metric.Record, o Overflow) bool
//
// As with addHere. The arguments are in registers: see unheld.go.
TEXT ·putHere(SB), NOSPLIT, $0-33
	SHARD
	PUT

full:
	COUNT(held)

	ELSE(held)
