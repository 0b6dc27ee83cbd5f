package machinecode

import (
	"fmt"
	"regexp"
	"strings"
)

// plain are the instructions that may stand in a pinned region, besides jumps and calls: none of them repeats, locks, or traps but for
// what it finds in memory, and RDTSC where the process was forbidden it.
var plain = regexp.MustCompile(`^(?:MOV(?:[BWLQ]|ZX|SX|SXD|D|SD_XMM|SS|UPS|APS|DQU|DQA|UPD|APD)|LEA[LQ]|CMOV\w+|SET\w+|NOP[WL]?|PREFETCHW|RDTSC|` +
	`(?:ADD|SUB|AND|OR|XOR|CMP|TEST|INC|DEC|NEG|NOT|SHL|SHR|SAR|ROL|ROR|SHLD|SHRD|MUL|IMUL3?|ADC|SBB|BT|BSWAP)[BWLQ]?|` +
	`(?:ADD|SUB|MUL)S[SD]|U?COMIS[SD]|XORP[SD]|PXOR|XCHG[LQ]|PUSHQ|POPQ|CVT\w+)$`)

// stackLimit is g.stackguard0, which functions that may grow the stack compare with when they begin.
var stackLimit = Arg{Kind: Memory, Reg: "R14", Value: 0x10}

// execution carries one state through instructions.
type execution struct {
	*state
	instr  Instr
	pinned bool
	report func(string)
}

func (x *execution) complain(format string, args ...any) {
	if x.pinned {
		x.report(fmt.Sprintf(format, args...))
	}
}

func (x *execution) id() string { return fmt.Sprintf("%#x", x.instr.PC) }

// set writes a register.
func (x *execution) set(reg string, v value) {
	if v.typ == nil && !v.number {
		v = value{id: v.id, number: true, max: bits(8).max}
	}
	if v.id == "" {
		v = x.define(v, x.id())
	}
	x.regs[reg] = v
}

// result is what is known after a call.
func (x *execution) result() {
	x.call()
	x.set("AX", value{})
}

// address works out where a memory operand points.
func (x *execution) address(a Arg) value {
	base, index := x.regs[a.Reg], x.regs[a.Index]
	if a.Index == "" {
		return base.offset(a.Value)
	}
	if a.Scale == 1 && base.typ == nil && index.typ != nil {
		base, index = index, base
	}
	if base.table != "" {
		if index.below != base.table || a.Scale != 8 || a.Value != 0 {
			return value{}
		}
		return value{id: base.id, typ: slot(base.typ), present: true} // a table that is longer than some index is there
	}
	return base.plus(index, a.Scale).offset(a.Value)
}

// access checks that an operand lies within something that is there, and returns where.
func (x *execution) access(a Arg, width int) (at value) {
	at = x.address(a)
	if a.Kind == Global || at.typ == nil && a.Kind == Memory && a.Reg == "R14" && a.Index == "" { // R14 is the goroutine
		return value{}
	}
	switch {
	case a.Kind != Memory || at.typ == nil || at.table != "":
		x.complain("it is not shown where the memory operand points, or that its index is in bounds")
		return value{}
	case at.typ == frame:
		return at
	case at.lo < 0 || at.hi+int64(width) > at.typ.Size:
		x.complain("it may access bytes %d to %d of a %s, which has %d", at.lo, at.hi+int64(width)-1, at.typ.Name, at.typ.Size)
		return value{}
	case !at.present:
		x.complain("the *%s may be nil", at.typ.Name)
		if at.hi < 4096 { // else it would have faulted
			x.learn(at.id, func(v *value) { v.present = true })
			at.present = true
		}
	}
	return at
}

// load reads an operand.
func (x *execution) load(a Arg, width int) value {
	switch a.Kind {
	case Register:
		v := x.regs[a.Reg]
		if width < 8 && !v.within(width) {
			return bits(width)
		}
		return v
	case Immediate:
		return constant(uint64(a.Value) & bits(width).max)
	}
	at := x.access(a, width)
	if at.typ == nil || at.lo != at.hi {
		return bits(width)
	}
	if at.typ == frame {
		if v, ok := x.slots[at.lo]; ok && v.width == width {
			return v.value
		}
		return bits(width)
	}
	for offset, f := range at.typ.Fields {
		switch {
		case f.Table && at.id == "":
			return bits(width)
		case f.Table && offset == at.lo && f.Mask:
			return x.define(value{typ: f.To, table: "mask@" + at.id}, x.id())
		case f.Table && offset == at.lo && x.counted[at.id] != "":
			return x.define(value{typ: f.To, table: x.counted[at.id]}, x.id())
		case f.Table && offset == at.lo:
			return bits(width)
		case f.Table && f.Length == at.lo && width == 4 && f.Mask:
			v := bits(width)
			v.below = "mask@" + at.id
			return v
		case f.Table && f.Length == at.lo && width == 4:
			v := x.define(bits(width), x.id())
			v.length = "count@" + v.id
			x.counted[at.id] = v.length
			return v
		case offset == at.lo && width == 8:
			return value{typ: f.To, present: f.NeverNil != ""}
		}
	}
	return bits(width)
}

// write writes an operand.
func (x *execution) write(a Arg, v value, width int) {
	if a.Kind == Register {
		if strings.HasPrefix(a.Reg, "X") {
			return // not followed
		}
		if width < 4 {
			v = value{} // the upper bytes stay
		}
		x.set(a.Reg, v)
		return
	}
	if a.Kind == Unknown {
		x.call() // it may be the upper half of a register
		return
	}
	x.stored(x.access(a, width), v, width)
}

// stored notes that something was stored.
func (x *execution) stored(at, v value, width int) {
	if at.typ == frame {
		if at.lo == at.hi {
			x.store(at.lo, v, width)
		} else {
			clear(x.slots)
		}
		return
	}
	if !x.pinned || at.typ == nil {
		return
	}
	overlaps := func(from, to int64) bool { return at.hi+int64(width) > from && at.lo < to }
	_, there := v.zero()
	for offset, f := range at.typ.Fields {
		switch {
		case f.Table && (overlaps(offset, offset+8) || overlaps(f.Length, f.Length+4)):
			x.complain("it changes a table of a %s, or its length", at.typ.Name)
		case f.NeverNil != "" && overlaps(offset, offset+8) && !(there && at.lo == offset && at.hi == offset && width == 8):
			x.complain("it may store nil where a %s never has it", at.typ.Name)
		}
	}
	for _, p := range at.typ.Passes {
		switch {
		case at.lo == p.Word && at.hi == p.Word:
			delete(x.written, at.typ)
			x.passed[at.typ] = true
		case overlaps(p.From, p.To):
			if x.passed[at.typ] {
				x.complain("it writes to a %s after the word that passes it on", at.typ.Name)
			}
			x.written[at.typ] = true
		}
	}
}

// run executes an instruction that is no jump, call or return.
func (x *execution) run() {
	i := x.instr
	op := i.Op
	if n := len(op) - 1; strings.ContainsRune("BWLQ", rune(op[n])) {
		op = op[:n]
	}
	if x.pinned && !plain.MatchString(i.Op) {
		x.complain("the instruction is not on the list of those that cannot trap, repeat or lock")
	}
	switch {
	case strings.HasPrefix(i.Op, "NOP"), i.Op == "PREFETCHW", i.Op == "XCHGL" && i.Args[0].Kind == Register && i.Args[0] == i.Args[1]:
		return
	case i.Op == "RDTSC":
		x.set("AX", bits(4))
		x.set("DX", bits(4))
		return
	case i.Op == "PUSHQ":
		x.regs["SP"] = x.regs["SP"].offset(-8)
		x.store(x.regs["SP"].lo, x.load(i.Args[0], 8), 8)
		return
	case i.Op == "POPQ":
		x.write(i.Args[0], x.load(Arg{Kind: Memory, Reg: "SP"}, 8), 8)
		x.regs["SP"] = x.regs["SP"].offset(8)
		return
	case len(i.Args) == 0 || !plain.MatchString(i.Op):
		x.call() // it may change anything
		if strings.HasPrefix(i.Op, "REP") || strings.Contains(i.text, "(SP)") {
			clear(x.slots)
		}
		return
	case op == "CMP", op == "TEST":
		if i.Args[1] == stackLimit {
			x.complain("it checks the stack, to grow it")
		}
		x.flags = flags{true, op == "TEST", x.load(i.Args[0], i.width), x.load(i.Args[1], i.width), i.width}
		return
	}
	src, dst := i.Args[0], i.Args[len(i.Args)-1]
	switch {
	case op == "XCHG":
		if src.Kind != Register || dst.Kind != Register {
			x.complain("an exchange with memory is locked")
		}
		x.write(src, value{}, i.width)
		x.write(dst, value{}, i.width)
	case i.Op == "MOVZX":
		x.instr.width = 8
		x.write(dst, x.load(src, i.width), 8)
	case strings.HasPrefix(i.Op, "MOVSX"):
		x.load(src, i.width)
		x.write(dst, value{}, 8)
	case op == "MOV":
		x.write(dst, x.load(src, i.width), i.width)
	case op == "LEA":
		v := x.address(src)
		if src.Kind != Memory || i.Op != "LEAQ" {
			v = value{}
		}
		if v.typ == frame && dst.Reg != "SP" && dst.Reg != "BP" {
			x.expose(v.lo)
		}
		x.write(dst, v, 8)
	case strings.HasPrefix(i.Op, "CMOV"):
		x.write(dst, join(x.load(src, i.width), x.load(dst, i.width)), i.width)
	case strings.HasPrefix(i.Op, "SET"):
		x.write(dst, value{}, 1)
	default:
		x.compute(op, src, dst)
	}
}

// compute does arithmetic.
func (x *execution) compute(op string, src, dst Arg) {
	i := x.instr
	a, b := x.load(src, i.width), x.load(dst, i.width)
	var v value
	switch single := len(i.Args) == 1; {
	case op == "XOR" && src == dst:
		v = constant(0)
	case (op == "MUL" || op == "IMUL") && single:
		x.set("DX", value{})
		dst = Arg{Kind: Register, Reg: "AX"}
	case op == "INC":
		v = b.offset(1)
	case op == "DEC":
		v = b.offset(-1)
	case op == "ADD" && src.Kind == Immediate:
		v = b.offset(src.Value)
	case op == "SUB" && src.Kind == Immediate:
		v = b.offset(-src.Value)
	case op == "ADD" && b.typ != nil:
		v = b.plus(a, 1)
	case op == "ADD":
		v = a.plus(b, 1)
	case op == "AND":
		v = masked(a, b)
	case op == "SHL" && src.Kind == Immediate:
		if n := uint64(src.Value); b.number && n < 32 && b.max <= bits(4).max {
			v = value{number: true, min: b.min << n, max: b.max << n}
		}
	case op == "SHR" && src.Kind == Immediate && b.number:
		v = value{number: true, min: b.min >> uint64(src.Value&63), max: b.max >> uint64(src.Value&63)}
	}
	if i.width < 8 && !v.within(i.width) {
		v = bits(i.width)
	}
	x.flags = flags{}
	x.write(dst, v, i.width)
}

// masked is the bits that two values have in common.
func masked(a, b value) value {
	v := bits(8)
	for _, n := range []value{a, b} {
		if n.number {
			v.max = min(v.max, n.max)
		}
		if n.below != "" {
			v.below = n.below
		}
	}
	return v
}
