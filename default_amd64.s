//go:build linux && gc && !race && !zibrato_portable

#include "go_asm.h"
#include "textflag.h"

#define g_stackguard0 0x10
#define counts github·com∕zibrato∕zibrato∕internal∕clock·shared+const_clockCounts

// TICKS is clock.Ticks, into AX. It changes DX.
#define TICKS \
	CMPL counts(SB), $0; \
	JEQ  slowly; \
	RDTSC; \
	SHLQ $32, DX; \
	ORQ  DX, AX

// FIND leaves in DX the node of the constant at BX of length SI. It changes CX. Its steps are those of hashAddress, found.slot and node.is. It loads shift before first:
// they are stored in the other order. There always is a node.
#define FIND(index) \
	MOVQ  $const_golden, CX; \
	LEAQ  (BX)(SI*2), DX; \
	IMULQ CX, DX; \
	MOVL  ·stdKnown+(index+found_shift)(SB), CX; \
	SHRQ  CX, DX; \
	MOVQ  ·stdKnown+(index+found_first)(SB), CX; \
	MOVQ  (CX)(DX*8), DX; \
	CMPQ  BX, node_constant(DX); \
	JNE   slowly; \
	CMPQ  SI, (node_name+8)(DX); \
	JNE   slowly

// To begin with each function asks whether the goroutine is to be stopped, as ring.add and ring.put do, to which it goes on.

// func inc(name string)
//
// The steps are those of known.inc. Both arguments of ring.addHere take the place of the name's.
TEXT ·inc(SB), NOSPLIT, $0-16
	CMPQ  SP, g_stackguard0(R14)
	JLS   slowly
	MOVQ  name_base+0(FP), BX
	MOVQ  name_len+8(FP), SI
	FIND(known_counters)
	MOVQ  node_val(DX), BX
	ADDQ  $Counter_cells, BX
	MOVQ  $1, DI
	MOVQ  BX, name_base+0(FP)
	MOVQ  DI, name_len+8(FP)
	JMP   github·com∕zibrato∕zibrato∕ring·addHere(SB)

slowly:
	JMP ·incSlowly(SB)

// func stopNamed(name string, start int64, room uint64) bool
//
// The steps are those of known.time and Timer.record. The clock is read when the timer is found: the processor does both at once, and what the look-up needs arrives sooner.
TEXT ·stopNamed(SB), NOSPLIT, $0-33
	CMPQ  SP, g_stackguard0(R14)
	JLS   slowly
	MOVQ  name_base+0(FP), BX
	MOVQ  name_len+8(FP), SI
	FIND(known_timers)
	MOVQ  start+16(FP), R10
	MOVQ  node_val(DX), CX
	TICKS
	JMP   ·recordTiming<>(SB)

slowly:
	JMP ·stopNamedSlowly(SB)

// func stopTimer(t *Timer, start int64, room1, room2 uint64) bool
TEXT ·stopTimer(SB), NOSPLIT, $0-33
	CMPQ  SP, g_stackguard0(R14)
	JLS   slowly
	MOVQ  t+0(FP), CX
	MOVQ  start+8(FP), R10
	TICKS
	JMP   ·recordTiming<>(SB)

slowly:
	JMP ·stopTimerSlowly(SB)

// recordTiming goes on as ring.put with what AX (the end), R10 (the start) and CX (the timer) say. The frame has the size of that of ring.put.
TEXT ·recordTiming<>(SB), NOSPLIT, $0-33
	MOVQ AX, R9
	SHRQ $const_coarseShift, R9
	ORL  $1, R9                           // the record's time
	SUBQ R10, AX
	MOVQ AX, R10                          // its value
	MOVL Timer_id(CX), R8                 // its series
	MOVQ Timer_ring(CX), BX
	MOVL $const_overflowTicks, R11
	JMP  github·com∕zibrato∕zibrato∕ring·putHere(SB)
