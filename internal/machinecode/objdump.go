package machinecode

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Program holds functions by their symbol.
type Program map[string]*Func

// Func is a function's code in the order of addresses.
type Func struct {
	Name   string
	Instrs []Instr
	at     map[uint64]int // index in Instrs by address
}

// GrowsStack reports whether the function grows the stack when that is short. One that does not is
// nosplit, whose need the linker has checked.
func (f *Func) GrowsStack() bool {
	return slices.ContainsFunc(f.Instrs, func(i Instr) bool {
		return strings.HasPrefix(i.callee(), "runtime.morestack")
	})
}

func (f *Func) holds(address uint64) bool {
	_, ok := f.at[address]
	return ok
}

// Instr is an instruction in the syntax of Go's assembler: sources first, the destination last, but for comparisons.
type Instr struct {
	PC     uint64
	Source string // file:line, also of what was inlined
	Op     string
	Args   []Arg
	text   string
	width  int // bytes of the operand in memory, or of the destination
}

func (i Instr) String() string { return fmt.Sprintf("%s at %#x (%s)", i.text, i.PC, i.Source) }

// target returns the address that an instruction may jump to, or 0.
func (i Instr) target() uint64 {
	if n := len(i.Args) - 1; n >= 0 && i.Args[n].Kind == Code {
		return uint64(i.Args[n].Value)
	}
	return 0
}

// callee returns the symbol that an instruction calls.
func (i Instr) callee() string {
	if i.Op == "CALL" && len(i.Args) == 1 {
		return i.Args[0].Sym
	}
	return ""
}

// traps reports whether an instruction ends the process.
func (i Instr) traps() bool {
	return slices.Contains([]string{"UD2", "INT", "BRK", "HLT", "UNDEF"}, i.Op)
}

// leaves reports whether an instruction ends a function: it returns, or goes on in another.
func (i Instr) leaves() bool {
	return i.Op == "RET" || i.Op == "JMP" && i.Args[0].Kind == Global
}

// Arg is an operand.
type Arg struct {
	Kind  ArgKind
	Reg   string // the register, or the base of a memory operand
	Index string
	Scale int64
	Value int64  // an immediate, a displacement, or an address in the code
	Sym   string // a symbol
}

// ArgKind says what an operand is.
type ArgKind int

const (
	Register ArgKind = iota
	Immediate
	Memory  // by registers
	Global  // by symbol, or relative to the instruction
	Code    // an address to jump to
	Unknown // of no form that is known
)

var (
	memoryArg = regexp.MustCompile(`^(-?(?:0x)?[0-9a-f]+)\((\w+)\)(?:\((\w+)\*(\d)\))?$`)
	register  = regexp.MustCompile(`^(?:[ABCD][XL]|[SD]I|[SB]P|R\d+|X\d+|Y\d+)$`)
)

func parseArg(s string, pc uint64) Arg {
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			u, _ := strconv.ParseUint(s, 0, 64)
			n = int64(u)
		}
		return n
	}
	switch m := memoryArg.FindStringSubmatch(s); {
	case register.MatchString(s):
		return Arg{Kind: Register, Reg: whole(s)}
	case strings.HasPrefix(s, "$"):
		return Arg{Kind: Immediate, Value: number(s[1:])}
	case strings.HasPrefix(s, "0x") && m == nil:
		return Arg{Kind: Code, Value: number(s)}
	case strings.HasSuffix(s, "(SB)"):
		return Arg{Kind: Global, Sym: strings.TrimSuffix(s, "(SB)")}
	case m != nil && m[2] == "PC": // arm64, in instructions
		return Arg{Kind: Code, Value: int64(pc) + 4*number(m[1])}
	case m != nil && m[2] == "IP":
		return Arg{Kind: Global}
	case m != nil && register.MatchString(m[2]):
		a := Arg{Kind: Memory, Reg: m[2], Index: m[3], Value: number(m[1])}
		if m[3] != "" {
			a.Scale = number(m[4])
		}
		return a
	}
	return Arg{Kind: Unknown}
}

// whole names the register that a byte belongs to.
func whole(reg string) string {
	if len(reg) == 2 && reg[1] == 'L' {
		return reg[:1] + "X"
	}
	return reg
}

// width tells the size of an operand from the encoding, since the text calls the low byte of SI "SI". See Intel SDM vol. 2, 2.1 and
// appendix A.
func width(code []byte) int {
	full, sse := 4, 16
	for ; len(code) > 1; code = code[1:] {
		switch c := code[0]; {
		case c == 0x66:
			full, sse = 2, 16
			continue
		case c == 0xf2:
			sse = 8
			continue
		case c == 0xf3:
			sse = 4
			continue
		case c == 0xf0:
			continue
		case c&0xf0 == 0x40:
			if c&8 != 0 {
				full = 8
			}
			code = code[1:]
		}
		break
	}
	if len(code) == 0 {
		return 0
	}
	if c := code[0]; c != 0x0f || len(code) == 1 {
		hasByteForm := c < 0x50 || c >= 0x80 && c < 0x90 || c >= 0xa0 && c < 0xb0 || c >= 0xc0
		if c >= 0xb0 && c < 0xb8 || hasByteForm && c&1 == 0 && c != 0xe8 {
			return 1
		}
		return full
	}
	switch c := code[1]; {
	case c == 0xb6, c == 0xbe, c&0xf0 == 0x90, c == 0xb0, c == 0xc0:
		return 1
	case c == 0xb7, c == 0xbf:
		return 2
	case c&0xf0 == 0x40, c == 0xaf, c == 0x1f, c == 0xb1, c == 0xc1:
		return full
	case c == 0x6f, c == 0x7f:
		return 16
	case c == 0x7e && sse == 4:
		return 8
	case c == 0x6e, c == 0x7e:
		return max(full, 4)
	case c == 0xd6:
		return 8
	}
	return sse
}

// Read disassembles the functions of a program whose symbols match a regular expression, by way of "go tool objdump".
func Read(binary, symbols string) (Program, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("go", "tool", "objdump", "-s", symbols, binary)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("disassemble %s: %w: %s", binary, err, stderr.Bytes())
	}
	return parse(out)
}

func parse(dump []byte) (Program, error) {
	p := Program{}
	var f *Func
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "TEXT "); ok {
			name, _, _ := strings.Cut(rest, "(SB) ")
			f = &Func{Name: name, at: map[uint64]int{}}
			p[name] = f
			continue
		}
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == '\t' })
		if len(fields) < 4 || f == nil {
			continue
		}
		pc, err := strconv.ParseUint(fields[1], 0, 64)
		if err != nil {
			return nil, fmt.Errorf("disassemble: the line %q has no address", line)
		}
		code, err := hex.DecodeString(fields[2])
		if err != nil {
			return nil, fmt.Errorf("disassemble: the line %q has no code", line)
		}
		text := strings.TrimSpace(fields[3])
		i := Instr{PC: pc, Source: strings.TrimSpace(fields[0]), text: text, width: width(code)}
		var args string
		if i.Op, args, _ = strings.Cut(text, " "); strings.HasPrefix(text, "LOCK ") || strings.HasPrefix(text, "REP") {
			args = "" // nothing that is followed
		}
		if args != "" {
			for a := range strings.SplitSeq(args, ", ") {
				i.Args = append(i.Args, parseArg(a, pc))
			}
		}
		f.at[pc] = len(f.Instrs)
		f.Instrs = append(f.Instrs, i)
	}
	return p, lines.Err()
}
