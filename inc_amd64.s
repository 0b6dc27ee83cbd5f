//go:build linux && gc && !race && !zibrato_portable

#include "go_asm.h"
#include "textflag.h"

#define g_stackguard0 0x10

// func inc(name string)
//
// The steps are those of known.inc: hashAddress, found.slot, node.is, Cells.Add. Both arguments of ring.addHere take the place of the name's.
TEXT ·inc(SB), NOSPLIT, $0-16
	CMPQ  SP, g_stackguard0(R14)        // as ring.add
	JLS   slowly
	MOVQ  name_base+0(FP), AX
	MOVQ  name_len+8(FP), BX
	MOVQ  $const_golden, CX
	LEAQ  (AX)(BX*2), DX
	IMULQ CX, DX
	MOVL  ·stdKnown+(known_counters+found_shift)(SB), CX     // before first: they are stored in the other order
	SHRQ  CX, DX
	MOVQ  ·stdKnown+(known_counters+found_first)(SB), CX
	MOVQ  (CX)(DX*8), DX                // the node; there always is one
	CMPQ  AX, node_constant(DX)
	JNE   slowly
	CMPQ  BX, (node_name+8)(DX)
	JNE   slowly
	MOVQ  node_val(DX), BX
	ADDQ  $Counter_cells, BX
	MOVQ  $1, DI
	MOVQ  BX, name_base+0(FP)
	MOVQ  DI, name_len+8(FP)
	JMP   github·com∕zibrato∕zibrato∕ring·addHere(SB)

slowly:
	JMP ·incSlowly(SB)
