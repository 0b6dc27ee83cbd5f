//go:build linux && gc && !race && !zibrato_portable

#include "go_asm.h"
#include "textflag.h"

#define g_stackguard0 0x10

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

// To begin with each function asks whether the goroutine is to be stopped, as ring.add and ring.put do. What it goes on to does not.

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
// The steps are those of known.stop.
TEXT ·stopNamed(SB), NOSPLIT, $0-33
	CMPQ  SP, g_stackguard0(R14)
	JLS   slowly
	MOVQ  name_base+0(FP), BX
	MOVQ  name_len+8(FP), SI
	FIND(known_timers)
	MOVQ  node_val(DX), CX
	MOVL  Timer_id(CX), R8
	MOVQ  start+16(FP), R10
	MOVQ  ·stdKnown+known_ring(SB), BX
	JMP   github·com∕zibrato∕zibrato∕ring·stopHere(SB)

slowly:
	JMP ·stopNamedSlowly(SB)

// func stopTimer(t *Timer, start int64, room1, room2 uint64) bool
TEXT ·stopTimer(SB), NOSPLIT, $0-33
	CMPQ  SP, g_stackguard0(R14)
	JLS   slowly
	MOVQ  t+0(FP), CX
	MOVL  Timer_id(CX), R8
	MOVQ  start+8(FP), R10
	MOVQ  Timer_ring(CX), BX
	JMP   github·com∕zibrato∕zibrato∕ring·stopHere(SB)

slowly:
	JMP ·stopTimerSlowly(SB)
